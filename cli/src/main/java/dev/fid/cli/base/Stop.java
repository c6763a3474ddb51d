package dev.fid.cli.base;

import dev.fid.bench.measure.Human;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// Why a command must end early. Whoever says so interrupts the thread that works; that thread ends what it waits
/// for, cleans up and then asks here for the reason.
public final class Stop {
    /// The exit code of an early end, and its cause in words.
    ///
    /// @param text as in `stopped by SIGINT`
    public record Reason(int exit, String text) {}

    private final Thread worker;
    private volatile @Nullable Reason reason;

    public Stop(Thread worker) {
        this.worker = worker;
    }

    public @Nullable Reason reason() {
        return reason;
    }

    /// The first reason counts.
    ///
    /// @return false where there was one already
    synchronized boolean ask(Reason why) {
        if (reason != null) {
            return false;
        }
        reason = why;
        worker.interrupt();
        return true;
    }

    /// Ends the command when `time` is up. A call that cannot be interrupted, such as the look-up of a host or a
    /// read of a wedged disk, gets two seconds more; then the process ends.
    public Timer after(@Nullable Duration time, boolean halts) {
        return new Timer(time, halts);
    }

    public final class Timer implements AutoCloseable {
        private final @Nullable Thread thread;

        private Timer(@Nullable Duration time, boolean halts) {
            thread = time == null ? null : new Thread(() -> run(time, halts), "fid-timeout");
            if (thread != null) {
                thread.setDaemon(true);
                thread.start();
            }
        }

        private void run(Duration time, boolean halts) {
            try {
                Thread.sleep(time);
                ask(new Reason(Exit.TIMEOUT, "timed out (" + Human.seconds(time.toNanos()) + ")"));
                Thread.sleep(2000);
                if (halts) {
                    Runtime.getRuntime().halt(Exit.TIMEOUT);
                }
            } catch (InterruptedException e) {
                // It was done in time.
            }
        }

        @Override
        public void close() {
            if (thread != null) {
                thread.interrupt();
            }
        }
    }
}
