package dev.fid.bench.measure;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/// How much of the processors others used: what a measurement did not have. Where this is a virtual machine, other
/// machines are among them.
///
/// Time in interrupts is left out, because the loopback's work is done there and is ours. Source: proc_stat(5),
/// proc_pid_stat(5); both count in ticks of 1/100 s.
public final class OtherProcesses {
    private static final double TICKS_PER_SECOND = 100;

    private static final int STOLEN = 8;

    private final double others = others();
    private final double stolen = stolen();
    private final long start = System.nanoTime();
    private final long processors = processors();

    /// The share of all processors that other processes used since this was made; NaN where that cannot be told.
    public double share() {
        return share(others() - others) + stolenShare();
    }

    /// The share that other virtual machines used; NaN where that cannot be told. The scheduler counts it as
    /// the time of whoever ran then, so it is in the CPU time of what was measured.
    public double stolenShare() {
        return share(stolen() - stolen);
    }

    private double share(double ticks) {
        double seconds = (System.nanoTime() - start) / 1e9;
        return Math.max(0, ticks / TICKS_PER_SECOND / seconds / processors);
    }

    /// Those of the machine: the JDK would count those that this thread is kept on.
    private static long processors() {
        try (Stream<String> lines = Files.lines(Path.of("/proc/stat"))) {
            return Math.max(1, lines.filter(line -> line.matches("cpu\\d.*")).count());
        } catch (IOException e) {
            return 1;
        }
    }

    private static String[] all() throws IOException {
        return Files.readAllLines(Path.of("/proc/stat")).getFirst().split(" +", -1);
    }

    private static double stolen() {
        try {
            return Double.parseDouble(all()[STOLEN]);
        } catch (IOException e) {
            return Double.NaN;
        }
    }

    private static double others() {
        try {
            String[] all = all();
            double ours = ours(ProcessHandle.current());
            for (ProcessHandle child : ProcessHandle.current().descendants().toList()) {
                ours += ours(child);
            }
            return Double.parseDouble(all[1]) + Double.parseDouble(all[2]) + Double.parseDouble(all[3]) - ours;
        } catch (IOException e) {
            return Double.NaN;
        }
    }

    /// User and system time of a process, and of its children that have ended.
    private static double ours(ProcessHandle process) {
        try {
            String stat = Files.readString(Path.of("/proc", Long.toString(process.pid()), "stat"));
            String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1); // [0] is field 3, the state
            double ticks = 0;
            for (int i = 11; i <= 14; i++) {
                ticks += Double.parseDouble(fields[i]);
            }
            return ticks;
        } catch (IOException e) {
            return 0; // it has ended, and its parent counts it
        }
    }
}
