package dev.fid.cli.report;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// CPU time of this process, to the tick.
public final class CpuTime {
    private static final double TICKS = 100; // USER_HZ, the same on both machines. Source: proc(5)

    private CpuTime() {}

    public static double round(double seconds) {
        return Math.round(seconds * TICKS) / TICKS;
    }

    /// CPU time of this process, user and system. Source: proc_pid_stat(5), fields 14 and 15.
    public static double[] cpuSeconds() {
        try {
            String stat = Files.readString(Path.of("/proc/self/stat"));
            String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
            return new double[] {Long.parseLong(fields[11]) / TICKS, Long.parseLong(fields[12]) / TICKS};
        } catch (IOException e) {
            return new double[2]; // no /proc
        }
    }
}
