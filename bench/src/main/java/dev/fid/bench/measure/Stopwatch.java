package dev.fid.bench.measure;

import dev.fid.kernel.Kernel;
import dev.fid.kernel.Uapi;

/// Times runs on the thread that makes them, and counts for that thread alone.
public final class Stopwatch implements AutoCloseable {
    private final Kernel kernel;
    private final Counter instructions;
    private final Counter switches;
    private long wall;
    private long cpu;
    private long instructionsThen;
    private long switchesThen;

    public Stopwatch(Kernel kernel) {
        this.kernel = kernel;
        this.instructions = Counter.ofInstructions(kernel);
        this.switches = Counter.ofSwitches(kernel);
    }

    public void start() {
        instructionsThen = instructions.count();
        switchesThen = switches.count();
        cpu = kernel.cpuNanos(Uapi.CLOCK_THREAD_CPUTIME_ID);
        wall = kernel.nanoTime();
    }

    public Sample stop(long bytes) {
        long wallNow = kernel.nanoTime();
        long cpuNow = kernel.cpuNanos(Uapi.CLOCK_THREAD_CPUTIME_ID);
        long instructionsNow = instructions.count();
        long switchesNow = switches.count();
        return new Sample(
                bytes,
                wallNow - wall,
                cpuNow - cpu,
                instructionsNow < 0 ? Counter.NOT_COUNTED : instructionsNow - instructionsThen,
                switchesNow < 0 ? Counter.NOT_COUNTED : switchesNow - switchesThen);
    }

    /// Why instructions are not counted; empty where they are.
    public String refusal() {
        return instructions.refusal();
    }

    @Override
    public void close() {
        instructions.close();
        switches.close();
    }
}
