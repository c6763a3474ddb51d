package dev.fid.tests.conformance;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.fid.tests.Needs;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A program that a test runs to its end.
public final class Command {
    private record Ended(int status, String output) {}

    private Command() {}

    /// Runs it; returns what it printed. A status other than 0 is an AssertionError with all that it printed.
    public static String run(Object... words) throws IOException {
        Ended ended = end(words);
        if (ended.status != 0) {
            throw new AssertionError(Arrays.toString(words) + " ended with " + ended.status + ": " + ended.output);
        }
        return ended.output;
    }

    /// Runs it; returns what it printed when it failed, null where it succeeded.
    public static @Nullable String refusal(Object... words) throws IOException {
        Ended ended = end(words);
        return ended.status == 0 ? null : ended.output;
    }

    private static Ended end(Object... words) throws IOException {
        List<String> command = Arrays.stream(words).map(Object::toString).toList();
        Needs.programs(command.getFirst());
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        try (InputStream output = process.getInputStream()) {
            String text = new String(output.readAllBytes(), UTF_8);
            return new Ended(process.waitFor(), text);
        } catch (InterruptedException e) {
            throw new AssertionError("interrupted while waiting for " + command, e);
        } finally {
            process.getErrorStream().close();
        }
    }
}
