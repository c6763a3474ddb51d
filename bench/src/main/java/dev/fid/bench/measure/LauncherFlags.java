package dev.fid.bench.measure;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// How the launcher starts java, for programs that are started as it would start them.
public final class LauncherFlags {
    private LauncherFlags() {}

    /// The options with which the launcher `./fid` starts java for a copy; a test compares them with the launcher's.
    public static final List<String> COPY_JVM = List.of(
            "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:CompileThresholdScaling=8", "-Xms8m", "-Xmx64m");

    /// Those for a relay; a test compares them, too.
    public static final List<String> RELAY_JVM = List.of("-XX:+UseSerialGC", "-Xms16m", "-Xmx256m");

    /// The words that started this JVM.
    public static List<String> commandLine() {
        try {
            return List.of(Files.readString(Path.of("/proc/self/cmdline")).split("\0", -1));
        } catch (IOException e) {
            return List.of(); // no /proc
        }
    }
}
