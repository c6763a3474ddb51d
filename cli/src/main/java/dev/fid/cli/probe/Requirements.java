package dev.fid.cli.probe;

import dev.fid.cli.base.Failure;
import dev.fid.cli.base.Suggest;
import dev.fid.probe.Capability;
import dev.fid.probe.Probe;
import java.util.ArrayList;
import java.util.List;

/// What `--require` asks for.
final class Requirements {
    /// The names that can be asked for: each is a capability of {@link Probe}.
    static final List<String> NAMES = List.of(
            "splice",
            "tee",
            "vmsplice",
            "sendfile",
            "copy_file_range",
            "memfd_create",
            "statx",
            "openat2",
            "uring",
            "ktls",
            "msg_zerocopy",
            "reflink",
            "dontcache",
            "CAP_NET_BIND_SERVICE",
            "CAP_NET_RAW",
            "CAP_SYS_PTRACE",
            "CAP_SYS_ADMIN",
            "CAP_SYS_RESOURCE",
            "CAP_PERFMON");

    /// A requirement that is not met, and why.
    record Missing(String name, String reason) {}

    private Requirements() {}

    static void check(List<String> names) throws Failure {
        for (String name : names) {
            if (!NAMES.contains(name)) {
                String near = Suggest.nearest(name, NAMES);
                throw Failure.usage("--require: '" + name + "' is not known"
                        + (near != null
                                ? "; did you mean '" + near + "'?"
                                : " (use " + String.join(", ", NAMES) + ")"));
            }
        }
    }

    /// Of a file system's capability the first directory decides; one that is limited is there.
    static List<Missing> missing(List<String> names, Probe probe) {
        List<Missing> missing = new ArrayList<>();
        for (String name : names) {
            Capability capability = probe.capability(name);
            switch (capability.state()) {
                case YES, LIMITED -> {
                    // It is there.
                }
                case NO -> missing.add(new Missing(name, reason(capability)));
                case UNKNOWN -> missing.add(new Missing(name, "unknown: " + reason(capability)));
            }
        }
        return missing;
    }

    private static String reason(Capability capability) {
        return capability.value().isEmpty() ? capability.how() : capability.value() + ", " + capability.how();
    }

    static String text(List<Missing> missing) {
        return String.join(
                "; ",
                missing.stream()
                        .map(one -> one.name() + " (" + one.reason() + ")")
                        .toList());
    }

    static String table(List<String> names, Probe probe, int width) {
        StringBuilder text = new StringBuilder();
        for (String name : names) {
            ProbeReport.row(text, probe.capability(name), width, true);
        }
        return text.toString();
    }
}
