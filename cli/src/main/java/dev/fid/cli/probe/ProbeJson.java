package dev.fid.cli.probe;

import dev.fid.bench.measure.Json;
import dev.fid.kernel.Errno;
import dev.fid.probe.AliasProbe;
import dev.fid.probe.Answer;
import dev.fid.probe.Capability;
import dev.fid.probe.Matrix;
import dev.fid.probe.Probe;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What a probe found, for programs.
final class ProbeJson {
    private ProbeJson() {}

    static String of(Probe probe, List<String> required, List<Requirements.Missing> missing) {
        Map<String, @Nullable Object> object = new LinkedHashMap<>();
        object.put("schema", "fid.probe/1");
        object.put("kernel", kernel(probe));
        object.put("java", Runtime.version().toString());
        object.put(
                "matrix", probe.matrix().cells().stream().map(ProbeJson::cell).toList());
        object.put("canaries", probe.canaries().stream().map(ProbeJson::canary).toList());
        object.put("memory_canary", sight(probe.memory()));
        object.put(
                "capabilities",
                probe.capabilities().stream().map(ProbeJson::capability).toList());
        object.put("bugs", probe.bugs().stream().map(ProbeJson::bug).toList());
        object.put("required", required);
        object.put(
                "missing",
                missing.stream()
                        .map(one -> Map.of("name", one.name(), "reason", one.reason()))
                        .toList());
        return Json.of(object);
    }

    private static Map<String, @Nullable Object> kernel(Probe probe) {
        Map<String, @Nullable Object> object = new LinkedHashMap<>();
        object.put("release", probe.kernel().release());
        object.put("major", probe.kernel().major());
        object.put("minor", probe.kernel().minor());
        object.put("patch", probe.kernel().patch() < 0 ? null : probe.kernel().patch());
        object.put("vendor", probe.kernel().vendor());
        return object;
    }

    private static String name(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }

    private static Map<String, @Nullable Object> cell(Matrix.Cell cell) {
        Map<String, @Nullable Object> object = new LinkedHashMap<>();
        object.put("in", cell.in().label());
        object.put("out", cell.out().label());
        MatrixTable.CALLS.forEach((name, method) -> object.put(name, answer(cell.answer(method))));
        object.put("differs_from_article", cell.differs());
        return object;
    }

    private static Map<String, @Nullable Object> answer(Answer answer) {
        Map<String, @Nullable Object> object = new LinkedHashMap<>();
        object.put("answer", name(answer.state()));
        if (answer.result() < 0) {
            object.put("errno", Errno.name((int) -answer.result()));
        }
        if (!answer.reason().isEmpty()) {
            object.put("reason", answer.reason());
        }
        return object;
    }

    private static Map<String, @Nullable Object> canary(AliasProbe canary) {
        Map<String, @Nullable Object> object = new LinkedHashMap<>();
        object.put("directory", canary.file().directory().toString());
        object.put("file_system", canary.file().fileSystem());
        object.put("splice", sight(canary.splice()));
        object.put("tee", sight(canary.tee()));
        object.put("sendfile_tcp", sight(canary.sendfile()));
        return object;
    }

    private static Map<String, @Nullable Object> sight(AliasProbe.Sight sight) {
        Map<String, @Nullable Object> object = new LinkedHashMap<>();
        object.put("outcome", name(sight.outcome()));
        object.put("reason", sight.reason().isEmpty() ? null : sight.reason());
        return object;
    }

    private static Map<String, @Nullable Object> capability(Capability capability) {
        Map<String, @Nullable Object> object = new LinkedHashMap<>();
        object.put("name", capability.name());
        object.put("state", name(capability.state()));
        object.put("value", capability.value());
        object.put("how", capability.how());
        object.put("advice", capability.advice());
        return object;
    }

    private static Map<String, @Nullable Object> bug(Probe.Finding finding) {
        Map<String, @Nullable Object> object = new LinkedHashMap<>();
        object.put("id", finding.bug().id());
        object.put("name", finding.bug().name());
        object.put("verdict", name(finding.verdict()));
        object.put("what", finding.bug().what());
        object.put("from", finding.bug().from());
        object.put("fixed", finding.bug().fixed());
        object.put("advice", finding.bug().advice());
        return object;
    }
}
