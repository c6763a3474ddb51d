package dev.fid.net.admin;

import dev.fid.net.LogEntry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/// A JSON line for each connection that has ended, written by a thread of its own: a slow disk holds up no bytes.
/// What does not fit into its queue is counted and told in the log.
public final class AccessLog implements Consumer<LogEntry>, AutoCloseable {
    /// Opens the log, at the start and again when it was moved away.
    public interface Opening {
        OutputStream open() throws IOException;
    }

    private static final int ROOM = 10_000;
    private static final int BATCH = 1 << 16; // 64 KiB

    private final Opening opening;
    private final Consumer<IOException> reopenFailed;
    private final Consumer<IOException> writeFailed;
    private boolean isFailing;
    private boolean isTorn;
    private final BlockingQueue<String> lines = new ArrayBlockingQueue<>(ROOM);
    private final AtomicLong lost = new AtomicLong();
    private final Thread writer;
    private OutputStream out;
    private volatile boolean reopen;
    private volatile boolean closed;

    /// @param reopenFailed learns, on the log's thread, that the file could not be opened again
    /// @param writeFailed learns there that nothing can be written, as on a full disk; once, until something can
    /// @throws IOException where the log cannot be opened
    public AccessLog(Opening opening, Consumer<IOException> reopenFailed, Consumer<IOException> writeFailed)
            throws IOException {
        this.reopenFailed = reopenFailed;
        this.writeFailed = writeFailed;
        this.opening = opening;
        this.out = opening.open();
        this.writer = Thread.ofPlatform().daemon().name("fid-access-log").start(this::write);
    }

    @Override
    public void accept(LogEntry entry) {
        if (!lines.offer(StatusJson.entry(Instant.now().toString(), entry))) {
            lost.incrementAndGet();
        }
    }

    /// Opens the file again: it was moved away.
    public void reopen() {
        reopen = true;
    }

    private void write() {
        ByteArrayOutputStream batch = new ByteArrayOutputStream();
        while (!closed || !lines.isEmpty()) {
            try {
                String line = lines.poll(100, TimeUnit.MILLISECONDS);
                if (reopen) {
                    reopen = false;
                    reopenNow();
                }
                int count = 0;
                for (; line != null; line = batch.size() < BATCH ? lines.poll() : null) {
                    batch.writeBytes(line.getBytes(StandardCharsets.UTF_8));
                    count++;
                }
                if (count > 0 || (lost.get() > 0 && isFailing)) {
                    writeNow(batch, count);
                }
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    /// A full disk stops no connection: what cannot be written is counted, and the count is written when there is room.
    private void writeNow(ByteArrayOutputStream batch, int count) {
        long missing = lines.isEmpty() ? lost.getAndSet(0) : 0;
        if (missing > 0) {
            batch.writeBytes(("{\"lost\":" + missing + "}\n").getBytes(StandardCharsets.UTF_8));
        }
        try {
            if (isTorn) {
                out.write('\n'); // what was written of a line when it failed stands alone
                isTorn = false;
            }
            out.write(batch.toByteArray());
            out.flush();
            isFailing = false;
        } catch (IOException e) {
            isTorn = true;
            lost.addAndGet(missing + count);
            if (!isFailing) {
                isFailing = true;
                writeFailed.accept(e);
            }
        } finally {
            batch.reset();
        }
    }

    /// Where the new one cannot be opened the old one goes on.
    private void reopenNow() {
        try {
            OutputStream fresh = opening.open();
            out.close();
            out = fresh;
            isTorn = false;
        } catch (IOException e) {
            reopenFailed.accept(e);
        }
    }

    /// Writes what is queued and ends.
    @Override
    public void close() {
        closed = true;
        try {
            writer.join(5000);
            out.close();
        } catch (IOException e) {
            // Told already: its lines were counted as lost.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
