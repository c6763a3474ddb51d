package dev.fid.cli.relay;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;

/// Who listens on a port, as far as we may know. Source: proc_pid_net(5), `/proc/net/tcp`.
final class PortHolder {
    private static final String LISTENING = "0A";

    private PortHolder() {}

    /// ` (by nginx, pid 812)`, or nothing.
    static String of(String address) {
        int colon = address.lastIndexOf(':');
        String digits = address.substring(colon + 1);
        if (colon < 0 || !digits.matches("[0-9]{1,5}")) {
            return "";
        }
        Set<String> sockets = new HashSet<>();
        String hex = String.format(Locale.ROOT, "%04X", Integer.parseInt(digits));
        for (String table : new String[] {"/proc/net/tcp", "/proc/net/tcp6"}) {
            try {
                for (String line : Files.readAllLines(Path.of(table))) {
                    String[] words = line.strip().split("\\s+", -1);
                    if (words.length > 9 && words[1].endsWith(":" + hex) && words[3].equals(LISTENING)) {
                        sockets.add("socket:[" + words[9] + "]");
                    }
                }
            } catch (IOException e) {
                return ""; // only a help
            }
        }
        return sockets.isEmpty() ? "" : search(sockets);
    }

    private static String search(Set<String> sockets) {
        try (DirectoryStream<Path> processes = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
            for (Path process : processes) {
                if (holds(process, sockets)) {
                    String name = Files.readString(process.resolve("comm")).strip();
                    return " (by " + name + ", pid " + process.getFileName() + ")";
                }
            }
        } catch (IOException | DirectoryIteratorException e) {
            // Only a help.
        }
        return "";
    }

    private static boolean holds(Path process, Set<String> sockets) {
        try (DirectoryStream<Path> fds = Files.newDirectoryStream(process.resolve("fd"))) {
            for (Path fd : fds) {
                if (sockets.contains(Files.readSymbolicLink(fd).toString())) {
                    return true;
                }
            }
        } catch (IOException | DirectoryIteratorException e) {
            // Another user's process, or one that has ended.
        }
        return false;
    }
}
