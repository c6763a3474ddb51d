package dev.fid.cli.watch;

import dev.fid.bench.measure.Human;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// By looking at /proc: in which call each thread waits, many times a second, and how many bytes the process read and
/// wrote altogether. The weakest means: a call that does not wait is hardly ever seen.
final class ProcWatch implements Watch.Means {
    private static final long PAUSE_MILLIS = 5;

    private long looks;
    private boolean denied;

    @Override
    public @Nullable String refusal() {
        return null;
    }

    @Override
    public String description() {
        return "looks at /proc every 5 ms: only what its threads wait in, no bytes";
    }

    @Override
    public @Nullable String watch(long pid, Duration time, ObservedCalls watched)
            throws IOException, InterruptedException {
        watched.withoutBytes();
        Descriptors descriptors = new Descriptors(pid);
        long[] before = io(pid);
        long[] after = before;
        long end = System.nanoTime() + time.toNanos();
        while (System.nanoTime() < end && Watch.exists(pid)) {
            look(pid, descriptors, watched);
            long[] now = io(pid);
            after = now.length == 0 ? after : now;
            Thread.sleep(PAUSE_MILLIS);
        }
        if (looks == 0) {
            return denied ? "/proc/" + pid + "/task/*/syscall may not be read" : "it ended too early";
        }
        if (before.length == 4) {
            watched.note("read " + Human.bytes(after[0] - before[0]) + " in " + (after[2] - before[2])
                    + " calls and wrote " + Human.bytes(after[1] - before[1]) + " in " + (after[3] - before[3])
                    + " calls, by /proc/" + pid
                    + "/io, which counts read, write, sendfile and copy_file_range, but neither"
                    + " splice nor send and recv");
        }
        return null;
    }

    private void look(long pid, Descriptors descriptors, ObservedCalls watched) {
        try (DirectoryStream<Path> threads = Files.newDirectoryStream(Path.of("/proc/" + pid + "/task"))) {
            for (Path thread : threads) {
                String[] words =
                        Watch.read(thread.resolve("syscall").toString()).strip().split(" ", -1);
                looks++;
                MovingCall call = words.length < 4 ? null : MovingCall.numbered(Integer.parseInt(words[0]));
                if (call != null) {
                    watched.add(call, kind(call.in(), words, descriptors), kind(call.out(), words, descriptors), 0);
                }
            }
        } catch (AccessDeniedException e) {
            denied = true;
        } catch (IOException | DirectoryIteratorException | NumberFormatException e) {
            denied |= String.valueOf(e.getMessage()).contains("ermi"); // permission denied, operation not permitted
        }
    }

    private static String kind(int index, String[] words, Descriptors descriptors) {
        return index < 0 ? "memory" : descriptors.kind((int) Long.parseUnsignedLong(words[1 + index].substring(2), 16));
    }

    /// rchar, wchar, syscr, syscw; none where they may not be read.
    private static long[] io(long pid) {
        try {
            return Watch.read("/proc/" + pid + "/io")
                    .lines()
                    .limit(4)
                    .mapToLong(line -> Long.parseLong(line.substring(line.indexOf(' ') + 1)))
                    .toArray();
        } catch (IOException | NumberFormatException e) {
            return new long[0];
        }
    }
}
