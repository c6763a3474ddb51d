package dev.fid.cli.report;

import dev.fid.Rate;
import dev.fid.cli.base.Console;
import dev.fid.cli.base.Exit;
import dev.fid.cli.base.Failure;
import dev.fid.cli.value.Size;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// A rate that a file says, looked at again while bytes move. A file and no signal: the JVM has USR2 and a terminal
/// WINCH, USR1 asks for the state, and none of them carries a number.
public final class RateFile implements AutoCloseable {
    private static final long NONE = 1L << 50; // a PiB a second
    private static final long EVERY = 200; // milliseconds

    private final Path file;
    private final Console console;
    private final Rate rate;
    private final Thread thread;
    private String last = "";

    private RateFile(Path file, Console console) throws Failure {
        this.file = file;
        this.console = console;
        try {
            this.last = read();
            this.rate = Rate.of(parse(last));
        } catch (IOException e) {
            throw new Failure(Exit.OPEN, "--limit-file " + file + ": it cannot be read", "", e);
        } catch (IllegalArgumentException e) {
            throw Failure.usage("--limit-file " + file + ": " + e.getMessage());
        }
        this.thread = Thread.ofPlatform().daemon().name("fid-rate").unstarted(this::watch);
    }

    /// Null where no file was named.
    public static @Nullable RateFile of(FlowOptions options, Console console) throws Failure {
        if (options.limitFile == null) {
            return null;
        }
        RateFile watched = new RateFile(Path.of(options.limitFile), console);
        watched.thread.start();
        return watched;
    }

    public Rate rate() {
        return rate;
    }

    private String read() throws IOException {
        return Files.readString(file).strip();
    }

    private static long parse(String text) {
        return text.equals("none") ? NONE : Size.parseRate(text);
    }

    /// What is not understood is told once, and the rate stays. An empty file is one that is being written.
    private void watch() {
        while (!Thread.currentThread().isInterrupted()) {
            try {
                Thread.sleep(EVERY);
                String now = read();
                if (!now.equals(last) && !now.isEmpty()) {
                    last = now;
                    rate.change(parse(now));
                }
            } catch (IOException e) {
                // it is being replaced
            } catch (IllegalArgumentException e) {
                console.tell("note: --limit-file " + file + ": " + e.getMessage() + "; the rate stays");
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    @Override
    public void close() {
        thread.interrupt();
    }
}
