package dev.fid.bench.measure;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/// A server that somebody measures: started here, and ended with us whatever becomes of us, see keep.c.
public final class Kept implements AutoCloseable {
    private final Process keeper;
    private final BufferedReader keepersWords;
    private final Path said;
    private final long pid;

    /// @param keep the program
    /// @param said the file that gets what the command says
    public Kept(Path keep, Path said, List<String> command) throws IOException {
        this.said = said;
        List<String> words = new ArrayList<>(List.of(keep.toString()));
        words.addAll(command);
        keeper = new ProcessBuilder(words).redirectError(said.toFile()).start();
        keepersWords = keeper.inputReader(StandardCharsets.US_ASCII);
        String line = keepersWords.readLine();
        try {
            pid = Long.parseLong(String.valueOf(line));
        } catch (NumberFormatException e) {
            keeper.destroyForcibly();
            throw new IOException(command.getFirst() + ": " + words());
        }
    }

    public boolean isAlive() {
        return ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false);
    }

    /// Its processes: nginx and others have workers.
    public List<Long> pids() {
        return Stream.concat(
                        Stream.of(pid),
                        ProcessHandle.of(pid).stream()
                                .flatMap(ProcessHandle::descendants)
                                .map(ProcessHandle::pid))
                .toList();
    }

    /// What it said last; empty where it said nothing.
    public String words() {
        try {
            return Files.readAllLines(said).stream()
                    .filter(line -> !line.isBlank())
                    .reduce((first, last) -> last)
                    .orElse("");
        } catch (IOException e) {
            return "";
        }
    }

    @Override
    public void close() {
        try {
            keepersWords.close();
            keeper.outputWriter(StandardCharsets.US_ASCII).close();
            if (!keeper.waitFor(5, TimeUnit.SECONDS)) {
                keeper.destroyForcibly();
            }
        } catch (IOException e) {
            keeper.destroyForcibly();
        } catch (InterruptedException e) {
            keeper.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
