package dev.fid.bench.measure;

import dev.fid.kernel.Kernel;

/// Which processor the moving thread stays on, and which the threads at the other ends: without this, a benchmark
/// of pipes measures the scheduler.
///
/// @param mover a processor's number, or -1: any
/// @param ends another one, or -1 where there is only one
public record Processors(int mover, int ends) {
    public static final Processors ANY = new Processors(-1, -1);

    /// The first two that this process may use.
    public static Processors ofThisProcess(Kernel kernel) {
        long[] mask = new long[64];
        int first = -1;
        if (kernel.schedGetaffinity(0, mask) > 0) {
            for (int cpu = 0; cpu < mask.length * Long.SIZE; cpu++) {
                if ((mask[cpu / Long.SIZE] >>> cpu & 1) != 0) {
                    if (first >= 0) {
                        return new Processors(first, cpu);
                    }
                    first = cpu;
                }
            }
        }
        return ANY;
    }

    /// Keeps the calling thread on `cpu`; with -1 it stays free.
    public static void pin(Kernel kernel, int cpu) {
        if (cpu >= 0) {
            long[] mask = new long[cpu / Long.SIZE + 1];
            mask[cpu / Long.SIZE] = 1L << cpu;
            kernel.schedSetaffinity(0, mask); // where it is not allowed, the thread stays free
        }
    }
}
