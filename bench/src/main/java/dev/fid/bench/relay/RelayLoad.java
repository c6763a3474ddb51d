package dev.fid.bench.relay;

import dev.fid.bench.measure.Latency;
import dev.fid.bench.measure.Sample;
import dev.fid.bench.measure.Unit;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/// The program that has both ends of a relay's connections, see load.c for what is said between us.
final class RelayLoad implements AutoCloseable {
    /// What one run asks for.
    ///
    /// @param kind bulk, ping or churn
    /// @param connections at the same time
    /// @param size bytes of a message, or of one send
    /// @param rate requests a second, 0 for one after another on each connection
    /// @param option `zero`, `rst` or empty
    record Work(String kind, int connections, long size, long rate, String option) {
        Unit unit() {
            return switch (kind) {
                case "bulk" -> Unit.BYTES;
                case "ping" -> Unit.REQUESTS;
                default -> Unit.CONNECTIONS;
            };
        }

        Work at(long requestsPerSecond) {
            return new Work(kind, connections, size, requestsPerSecond, option);
        }
    }

    /// What one run came to.
    ///
    /// @param calls of the relay, -1 where they were not counted
    record Answer(Sample sample, long calls) {}

    private static final int SILENT_RUNS = 5;

    private final Process process;
    private final BufferedReader answers;
    private final BufferedWriter questions;

    /// @param count of upstreams, on ports from `port` on
    RelayLoad(RelayBed bed, Path directory, int port, int count) throws IOException {
        process = new ProcessBuilder(bed.withLoad(List.of(
                        directory.resolve("load").toString(),
                        bed.loadAddress(),
                        Integer.toString(port),
                        Integer.toString(count),
                        bed.relayAddress())))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        answers = process.inputReader(StandardCharsets.US_ASCII);
        questions = process.outputWriter(StandardCharsets.US_ASCII);
        String line = answers.readLine();
        if (!"ready".equals(line)) {
            close();
            throw new IOException("the load: " + line);
        }
    }

    /// One run against a relay. Where it answered nothing in that time, as one does that gets no processor, the run is
    /// made again, each time twice as long, before that is taken for a failure.
    ///
    /// @param port where it listens
    /// @param pids its processes
    /// @param checked whether every byte is compared
    /// @param calls tracepoint to count its system calls with, -1 for not
    Answer run(Work work, int port, List<Long> pids, long warmMillis, long runMillis, boolean checked, long calls)
            throws IOException {
        String answer = answer(
                "kind=" + work.kind() + " port=" + port + " conns=" + work.connections() + " size="
                        + work.size() + " rate=" + work.rate()
                        + (work.option().isEmpty() ? "" : " " + work.option() + "=1")
                        + (checked ? " check=1" : "") + (calls < 0 ? "" : " calls=" + calls) + " warm=" + warmMillis
                        + " pids="
                        + pids.stream().map(String::valueOf).collect(Collectors.joining(",")) + " run=",
                runMillis);
        long[] n = numbers(answer);
        return new Answer(new Sample(n[0], n[1], n[2], n[3], n[4], new Latency(n[5], n[6])), n[7]);
    }

    private String answer(String question, long runMillis) throws IOException {
        for (int i = 0; i < SILENT_RUNS; i++) {
            String answer = question(question + (runMillis << i));
            if (!answer.equals("error: nothing arrived")) {
                return checked(answer);
            }
        }
        throw new IOException("nothing arrived, in " + (runMillis << (SILENT_RUNS - 1)) + " ms neither");
    }

    /// Makes connections that stay until {@link #release}, each with a byte that went to and fro.
    void hold(int port, int connections) throws IOException {
        String answer = question("kind=hold port=" + port + " conns=" + connections);
        if (answer.startsWith("error")) {
            release();
            throw new IOException(answer);
        }
    }

    void release() throws IOException {
        questions.write("release\n");
        questions.flush();
    }

    private static String checked(String answer) throws IOException {
        if (answer.startsWith("error")) {
            throw new IOException(answer.substring(answer.indexOf(' ') + 1));
        }
        return answer;
    }

    private String question(String question) throws IOException {
        questions.write(question + "\n");
        questions.flush();
        String answer = answers.readLine();
        if (answer == null) {
            throw new IOException("the load has ended");
        }
        return answer;
    }

    private static long[] numbers(String line) throws IOException {
        String[] words = line.split(" ", -1);
        long[] n = new long[9];
        if (words.length != n.length) {
            throw new IOException("the load said: " + line);
        }
        for (int i = 0; i < n.length; i++) {
            n[i] = Long.parseLong(words[i]);
        }
        return n;
    }

    boolean isAlive() {
        return process.isAlive();
    }

    @Override
    public void close() {
        try {
            questions.close();
            if (!process.waitFor(5, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (IOException e) {
            process.destroyForcibly();
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
