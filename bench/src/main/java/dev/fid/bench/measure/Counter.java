package dev.fid.bench.measure;

import dev.fid.kernel.Errno;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Memory;

/// Counts events of the thread that opens it, in user mode and in the kernel: the figure that two runs of one
/// program agree on best. Many virtual machines have no such counters; then it counts nothing and says why.
///
/// Source: perf_event_open(2); linux/perf_event.h.
public final class Counter implements AutoCloseable {
    public static final long NOT_COUNTED = -1;

    private static final int ATTR_BYTES = 64; // PERF_ATTR_SIZE_VER0
    private static final int PERF_TYPE_HARDWARE = 0;
    private static final int PERF_TYPE_SOFTWARE = 1;
    private static final int PERF_COUNT_HW_INSTRUCTIONS = 1;
    private static final int PERF_COUNT_SW_CONTEXT_SWITCHES = 3;
    private static final long EXCLUDE_HV = 1 << 6;
    private static final long PERF_FLAG_FD_CLOEXEC = 8;

    private final Kernel kernel;
    private final int fd;
    private final Memory value;

    private Counter(Kernel kernel, int type, long config) {
        this.kernel = kernel;
        this.value = kernel.allocate(8);
        try (Memory attr = kernel.allocate(ATTR_BYTES)) {
            attr.putInt(0, type);
            attr.putInt(4, ATTR_BYTES);
            attr.putLong(8, config);
            attr.putLong(40, EXCLUDE_HV);
            fd = kernel.perfEventOpen(attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
        }
    }

    static Counter ofInstructions(Kernel kernel) {
        return new Counter(kernel, PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS);
    }

    static Counter ofSwitches(Kernel kernel) {
        return new Counter(kernel, PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CONTEXT_SWITCHES);
    }

    /// Events so far, or {@link #NOT_COUNTED}.
    long count() {
        return fd >= 0 && kernel.read(fd, value, 0, 8) == 8 ? value.getLong(0) : NOT_COUNTED;
    }

    /// Why it does not count; empty where it does.
    String refusal() {
        if (fd >= 0) {
            return "";
        }
        return fd == -Errno.ENOENT
                ? "this machine has no such counter (ENOENT)"
                : "perf_event_open: " + Errno.name(-fd) + ", " + Errno.text(-fd);
    }

    @Override
    public void close() {
        value.close();
        if (fd >= 0) {
            kernel.close(fd);
        }
    }
}
