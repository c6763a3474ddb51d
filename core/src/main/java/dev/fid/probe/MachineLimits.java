package dev.fid.probe;

import static dev.fid.kernel.Uapi.*;

import dev.fid.kernel.Kernel;
import dev.fid.path.Proc;
import dev.fid.probe.Capability.State;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The bounds of this process and of this machine: sysctls, resource limits, privileges, the walls of a container.
final class MachineLimits {
    /// Bits of `CapEff`. Source: linux/capability.h.
    private enum Privilege {
        CAP_NET_BIND_SERVICE(10, "ports below ip_unprivileged_port_start"),
        CAP_NET_RAW(13, "raw sockets"),
        CAP_SYS_PTRACE(19, "looking at processes of other users with --pid"),
        CAP_SYS_ADMIN(21, "mounts, pipes over the limit"),
        CAP_SYS_RESOURCE(24, "pipes over pipe-max-size, more descriptors than the hard limit"),
        CAP_PERFMON(38, "tracepoints with --pid");

        private final int bit;
        private final String use;

        Privilege(int bit, String use) {
            this.bit = bit;
            this.use = use;
        }
    }

    private static final int MOST_PROCESSES = 4096;

    private final Kernel kernel;
    private final List<Capability> found = new ArrayList<>();

    MachineLimits(Kernel kernel) {
        this.kernel = kernel;
    }

    List<Capability> all() {
        int uid = kernel.geteuid();
        pipes(uid);
        resources();
        settings();
        String status = Proc.readOrNull("/proc/self/status");
        seccomp(status);
        privileges(status);
        container();
        return found;
    }

    private void add(String name, State state, String value, String how, String advice) {
        found.add(Capability.of(name, state, value, how, advice));
    }

    private @Nullable Long number(String path) {
        String text = Proc.readOrNull(path);
        try {
            return text == null ? null : Long.valueOf(text.strip());
        } catch (NumberFormatException e) {
            return null;
        }
    }

    private static String mib(long pages, int pageSize) {
        return pages * pageSize / (1 << 20) + " MiB";
    }

    private void pipes(int uid) {
        int page = kernel.pageSize();
        Long most = number("/proc/sys/fs/pipe-max-size");
        if (most == null) {
            unreadable("pipe-max-size", "/proc/sys/fs/pipe-max-size");
        } else {
            boolean small = most < 1 << 20;
            add(
                    "pipe-max-size",
                    small ? State.LIMITED : State.YES,
                    Long.toString(most),
                    "/proc/sys/fs/pipe-max-size",
                    small
                            ? "1 MiB moves more per call: sysctl fs.pipe-max-size=1048576"
                            : "bytes that one pipe may have");
        }
        userPages("pipe-user-pages-soft", uid, "behind it a new pipe has 2 pages");
        userPages("pipe-user-pages-hard", uid, "behind it there is no new pipe");
        int pipes = pipesInUse(uid);
        add(
                "pipes-in-use",
                pipes < 0 ? State.UNKNOWN : State.YES,
                pipes < 0 ? "" : pipes + " of this user, " + mib(16L * pipes, page) + " if each has 16 pages",
                "the distinct pipes in /proc/*/fd",
                pipes < 0 ? "" : "those of processes that may not be looked at are not counted");
    }

    private void userPages(String name, int uid, String meaning) {
        String path = "/proc/sys/fs/" + name;
        Long pages = number(path);
        if (pages == null) {
            unreadable(name, path);
            return;
        }
        String room = mib(pages, kernel.pageSize());
        if (pages == 0) {
            add(name, State.YES, "0: no limit", path, "");
        } else if (uid == 0) {
            add(name, State.YES, pages + ": " + room, path, "does not bind root");
        } else {
            add(name, State.LIMITED, pages + ": " + room, path, meaning + "; raise with sysctl fs." + name);
        }
    }

    private void unreadable(String name, String path) {
        add(name, State.UNKNOWN, "", path + " cannot be read", "is /proc mounted here?");
    }

    /// How many pipes the processes of this user have open, or -1. Only links are read: nothing is opened, so no
    /// process notices.
    private static int pipesInUse(int uid) {
        Set<String> pipes = new HashSet<>();
        int processes = 0;
        try (DirectoryStream<Path> all = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
            for (Path process : all) {
                if (++processes > MOST_PROCESSES) {
                    break;
                }
                if (owner(process) == uid) {
                    pipes(process.resolve("fd"), pipes);
                }
            }
            return processes == 0 ? -1 : pipes.size(); // not even ourselves: this is no /proc
        } catch (IOException | DirectoryIteratorException e) {
            return -1;
        }
    }

    private static int owner(Path process) {
        try {
            return Files.getAttribute(process, "unix:uid") instanceof Integer uid ? uid : -1;
        } catch (IOException e) {
            return -1; // ended since it was listed
        }
    }

    private static void pipes(Path descriptors, Set<String> pipes) {
        try (DirectoryStream<Path> all = Files.newDirectoryStream(descriptors)) {
            for (Path fd : all) {
                String target = Files.readSymbolicLink(fd).toString();
                if (target.startsWith("pipe:")) {
                    pipes.add(target);
                }
            }
        } catch (IOException | DirectoryIteratorException e) {
            // Not ours to look at, or gone.
        }
    }

    private void resources() {
        long[] limit = new long[2];
        int result = kernel.prlimit(RLIMIT_NOFILE, null, limit);
        if (result < 0) {
            add("nofile", State.UNKNOWN, "", "prlimit RLIMIT_NOFILE refused", "");
        } else {
            boolean few = limit[0] >= 0 && limit[0] < 1024;
            add(
                    "nofile",
                    few ? State.LIMITED : State.YES,
                    text(limit[0]) + " (hard " + text(limit[1]) + ")",
                    "prlimit RLIMIT_NOFILE",
                    few ? "a relayed connection needs up to 6 descriptors: raise ulimit -n" : "");
        }
        if (kernel.prlimit(RLIMIT_FSIZE, null, limit) == 0) {
            add(
                    "fsize",
                    limit[0] < 0 ? State.YES : State.LIMITED,
                    text(limit[0]),
                    "prlimit RLIMIT_FSIZE",
                    limit[0] < 0 ? "" : "longer files end with EFBIG: ulimit -f unlimited");
        }
    }

    private static String text(long limit) {
        return limit < 0 ? "unlimited" : Long.toString(limit);
    }

    private void settings() {
        setting(
                "transparent_hugepage",
                "/sys/kernel/mm/transparent_hugepage/enabled",
                "vmsplice gains from huge pages");
        setting("dirty_ratio", "/proc/sys/vm/dirty_ratio", "percent of memory; a writer waits behind it");
        setting("tcp_wmem", "/proc/sys/net/ipv4/tcp_wmem", "least, usual, most bytes of a send buffer");
        setting("tcp_rmem", "/proc/sys/net/ipv4/tcp_rmem", "least, usual, most bytes of a receive buffer");
        setting("somaxconn", "/proc/sys/net/core/somaxconn", "connections that may wait for accept");
        setting(
                "unprivileged_port_start",
                "/proc/sys/net/ipv4/ip_unprivileged_port_start",
                "ports below need privilege");
        setting("perf_event_paranoid", "/proc/sys/kernel/perf_event_paranoid", "-1 lets every user trace with --pid");
    }

    private void setting(String name, String path, String meaning) {
        String text = Proc.readOrNull(path);
        if (text == null) {
            add(name, State.UNKNOWN, "", path + " cannot be read", "");
        } else {
            add(name, State.YES, text.strip().replaceAll("\\s+", " "), path, meaning);
        }
    }

    private void seccomp(@Nullable String status) {
        String mode = Proc.field(status, "Seccomp");
        if (mode == null) {
            add("seccomp", State.UNKNOWN, "", "/proc/self/status says nothing of it", "");
            return;
        }
        boolean free = mode.equals("0");
        add(
                "seccomp",
                free ? State.YES : State.LIMITED,
                free ? "no filter" : mode.equals("2") ? "a filter is on" : "strict",
                "Seccomp of /proc/self/status",
                free ? "" : "calls that it refuses stand above with their errno");
    }

    private void privileges(@Nullable String status) {
        String mask = Proc.field(status, "CapEff");
        for (Privilege privilege : Privilege.values()) {
            if (mask == null) {
                add(privilege.name(), State.UNKNOWN, "", "/proc/self/status cannot be read", privilege.use);
            } else {
                boolean held = (Long.parseUnsignedLong(mask, 16) >> privilege.bit & 1) != 0;
                add(privilege.name(), held ? State.YES : State.NO, "", "CapEff of /proc/self/status", privilege.use);
            }
        }
    }

    /// Whether the filter of {@link SyscallProbe} may be to blame.
    static boolean filtered() {
        String mode = Proc.field(Proc.readOrNull("/proc/self/status"), "Seccomp");
        return mode != null && !mode.equals("0");
    }

    private void container() {
        String map = Proc.readOrNull("/proc/self/uid_map");
        boolean initial = map != null && map.strip().matches("0\\s+0\\s+4294967295");
        add(
                "user-namespace",
                map == null ? State.UNKNOWN : initial ? State.YES : State.LIMITED,
                map == null ? "" : initial ? "the first one" : "one of its own",
                map == null ? "/proc/self/uid_map cannot be read" : "/proc/self/uid_map",
                initial || map == null ? "" : "root in here is not root outside: limits of users bind it");
        String version = Proc.readOrNull("/proc/version");
        String group = Proc.readOrNull("/proc/1/cgroup");
        List<String> hints = new ArrayList<>();
        hint(hints, Files.exists(Path.of("/.dockerenv")), "Docker");
        hint(hints, Files.exists(Path.of("/run/.containerenv")), "Podman");
        hint(hints, group != null && group.contains("kubepods"), "Kubernetes");
        hint(hints, group != null && group.contains("/lxc"), "LXC");
        hint(hints, version != null && version.contains("gVisor"), "gVisor: another kernel answers the calls");
        hint(
                hints,
                version != null && version.toLowerCase(java.util.Locale.ROOT).contains("microsoft"),
                "WSL");
        add(
                "container",
                !hints.isEmpty() ? State.YES : version == null ? State.UNKNOWN : State.NO,
                hints.isEmpty() ? "no sign of one" : String.join(", ", hints),
                "/.dockerenv, /run/.containerenv, /proc/1/cgroup, /proc/version",
                "");
    }

    private static void hint(List<String> hints, boolean seen, String name) {
        if (seen) {
            hints.add(name);
        }
    }
}
