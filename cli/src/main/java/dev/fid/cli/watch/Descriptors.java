package dev.fid.cli.watch;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/// What the descriptors of another process are, by links in its /proc directory and the socket tables of its network.
final class Descriptors {
    private static final Map<String, String> TABLES = Map.ofEntries(
            Map.entry("tcp", "tcp socket"),
            Map.entry("tcp6", "tcp socket"),
            Map.entry("udp", "udp socket"),
            Map.entry("udp6", "udp socket"),
            Map.entry("raw", "raw socket"),
            Map.entry("raw6", "raw socket"),
            Map.entry("unix", "unix socket"),
            Map.entry("netlink", "netlink socket"));

    private final long pid;
    private final Map<Integer, String> known = new HashMap<>();
    private final Map<String, String> sockets = new HashMap<>();

    Descriptors(long pid) {
        this.pid = pid;
    }

    /// The kind of descriptor `fd`, remembered; of one that is gone the last that it was.
    String kind(int fd) {
        try {
            String target = Files.readSymbolicLink(Path.of("/proc/" + pid + "/fd/" + fd))
                    .toString();
            String kind = target.startsWith("socket:") ? socket(target) : kind(target);
            known.put(fd, kind);
            return kind;
        } catch (IOException e) {
            return known.getOrDefault(fd, "a descriptor that is gone");
        }
    }

    private String socket(String target) {
        String inode = target.substring(target.indexOf('[') + 1, target.length() - 1);
        String kind = sockets.get(inode);
        if (kind == null) {
            readTables();
            kind = sockets.computeIfAbsent(inode, unknown -> "socket"); // in another network namespace, or just closed
        }
        return kind;
    }

    private void readTables() {
        TABLES.forEach((table, kind) -> {
            try {
                for (String line : Watch.read("/proc/" + pid + "/net/" + table)
                        .lines()
                        .skip(1)
                        .toList()) {
                    // The inode: tcp(10th), udp(10th), raw(10th) column; of unix the 7th, of netlink the 10th.
                    String[] columns = line.strip().split("\\s+", -1);
                    int at = table.equals("unix") ? 6 : 9;
                    if (columns.length > at) {
                        sockets.put(columns[at], kind);
                    }
                }
            } catch (IOException e) {
                // No such table here.
            }
        });
    }

    /// The kind of a link's target, as /proc or strace show it.
    static String kind(String target) {
        if (target.startsWith("pipe:")) {
            return "pipe";
        }
        if (target.startsWith("anon_inode:")) {
            return target.substring("anon_inode:".length()).replaceAll("[\\[\\]]", "");
        }
        if (target.startsWith("TCP")) {
            return "tcp socket";
        }
        if (target.startsWith("UDP")) {
            return "udp socket";
        }
        if (target.startsWith("UNIX")) {
            return "unix socket";
        }
        if (target.startsWith("socket:") || target.matches("[A-Z][A-Za-z0-9-]*:\\[.*")) {
            return "socket";
        }
        if (target.startsWith("/memfd:")) {
            return "memfd";
        }
        if (target.startsWith("/dev/pts/") || target.startsWith("/dev/tty")) {
            return "terminal";
        }
        if (target.startsWith("/dev/") && !target.startsWith("/dev/shm/")) {
            return "device";
        }
        try {
            Path path = Path.of(target);
            boolean special = Files.exists(path) && !Files.isRegularFile(path);
            return special ? "fifo or device" : "file";
        } catch (java.nio.file.InvalidPathException e) {
            return "file";
        }
    }
}
