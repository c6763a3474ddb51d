package dev.fid.tests.behaviour;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fid.Fd;
import dev.fid.Fid;
import dev.fid.Method;
import dev.fid.Probe;
import dev.fid.Probe.Canary;
import dev.fid.Probe.Sample;
import dev.fid.Transfer;
import dev.fid.kernel.Errno;
import dev.fid.model.FaultyKernel;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;

/// What Fid tells of this kernel, and of itself to Flight Recorder.
class ProbeTest extends Fixture {
    private static final Set<Sample> STREAMS =
            EnumSet.of(Sample.UNIX_STREAM, Sample.UNIX_DATAGRAM, Sample.TCP, Sample.UDP);

    @Test
    void theCanaryAnswersOnDiskAndInMemory() throws Exception {
        for (Path directory : List.of(dir, Path.of("/dev/shm"))) {
            Probe probe = Fid.probe(directory);
            assertThat(probe.fileCanary()).isIn(Canary.ALIAS, Canary.COPY);
            assertThat(probe.memoryCanary()).isIn(Canary.ALIAS, Canary.COPY);
            assertThat(probe.pageSize()).isEqualTo(kernel.pageSize());
            assertThat(probe.pipeMaxSize()).isGreaterThanOrEqualTo(4096);
        }
    }

    @Test
    void aKernelThatRefusesIsSaidToRefuse() throws Exception {
        FaultyKernel closed = FaultyKernel.over(kernel).on("vmsplice").fails(Errno.EPERM);
        assertThat(Probe.of(closed.kernel(), dir).memoryCanary()).isEqualTo(Canary.REFUSED);
    }

    /// Linux 6.18; a newer one may know more, so a call that works is never wrong.
    @Test
    void theMatrixIsThatOfThisKernel() throws Exception {
        for (Probe.Pair pair : Fid.probe(dir).pairs()) {
            assertThat(pair.answer())
                    .as("%s from %s to %s", pair.call(), pair.in(), pair.out())
                    .isEqualTo(
                            switch (pair.call()) {
                                case SPLICE -> splice(pair.in(), pair.out());
                                case SENDFILE -> sendfile(pair.in(), pair.out());
                                default -> copyFileRange(pair.in(), pair.out());
                            });
        }
    }

    private static String splice(Sample in, Sample out) {
        boolean pipe = in == Sample.PIPE || out == Sample.PIPE;
        return pipe && in != Sample.NULL ? "works" : "EINVAL";
    }

    private static String sendfile(Sample in, Sample out) {
        boolean source = in == Sample.FILE
                || in == Sample.MEMFD
                || in == Sample.ZERO
                || (out == Sample.PIPE && in != Sample.PIPE);
        return source && in != Sample.NULL ? "works" : "EINVAL";
    }

    private static String copyFileRange(Sample in, Sample out) {
        boolean files = (in == Sample.FILE || in == Sample.MEMFD) && (out == Sample.FILE || out == Sample.MEMFD);
        if (!files) {
            return "EINVAL";
        }
        return in == out ? "works" : "EXDEV";
    }

    @Test
    void everyPairIsTriedByEveryCall() throws Exception {
        int samples = Sample.values().length;
        assertThat(Fid.probe(dir).pairs()).hasSize(3 * samples * samples).doesNotHaveDuplicates();
        assertThat(STREAMS).isNotEmpty();
    }

    @Test
    void aRecordingHoldsTransfersFallbacksAndWaits() throws Exception {
        FaultyKernel refusing = FaultyKernel.over(kernel).on("sendfile").fails(Errno.EINVAL);
        Fd in = file(refusing.kernel(), "in", pattern(50_000));
        Fd[] out = unixPair(refusing.kernel());
        Fd[] late = unixPair();
        Fd nowhere = create("out");
        Path file = dir.resolve("recording.jfr");
        try (Recording recording = new Recording()) {
            for (String name : List.of("Transfer", "Fallback", "Park")) {
                recording.enable("dev.fid." + name).withoutThreshold();
            }
            recording.start();
            Transfer.from(in).to(out[0]).run();
            On.Task<?> task =
                    On.PLATFORM.start(() -> Transfer.from(late[0]).to(nowhere).run());
            task.waits();
            late[1].close();
            task.get();
            recording.stop();
            recording.dump(file);
        }
        List<RecordedEvent> events = RecordingFile.readAllEvents(file);
        RecordedEvent transfer = only(events, "dev.fid.Transfer").getFirst();
        assertThat(transfer.getLong("bytes")).isEqualTo(50_000);
        assertThat(transfer.getString("method")).isEqualTo(Method.SPLICE_THROUGH_PIPE.toString());
        assertThat(transfer.getString("in")).isEqualTo(in.toString());
        assertThat(only(events, "dev.fid.Fallback"))
                .singleElement()
                .satisfies(e -> assertThat(e.getString("reason")).contains("sendfile EINVAL"));
        assertThat(only(events, "dev.fid.Park"))
                .anySatisfy(e -> assertThat(e.getString("fd")).contains("" + late[0].number()));
    }

    private static List<RecordedEvent> only(List<RecordedEvent> events, String name) {
        return events.stream()
                .filter(event -> event.getEventType().getName().equals(name))
                .toList();
    }
}
