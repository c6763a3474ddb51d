package dev.fid.tests.peers;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.fid.Fd;
import dev.fid.bridge.Streams;
import dev.fid.cli.Main;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Uapi;
import dev.fid.tests.Needs;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/// One process that runs a command for each line that it is sent, so that a cell does not cost a start: a shell for
/// programs, a JVM with {@link #main} for ours. Words have no blanks and nothing that a shell would read.
final class Commands implements AutoCloseable {
    /// What a command left: its exit code, and what it said.
    record Ran(int status, String err) {}

    private static final int SECONDS = 60; // after which a command is taken to hang

    private final Process process;
    private final PrintStream to;
    private final BufferedReader from;

    private Commands(List<String> who, List<String> words) throws IOException {
        List<String> all = new ArrayList<>(who);
        all.addAll(words);
        ProcessBuilder builder = new ProcessBuilder(all).redirectError(ProcessBuilder.Redirect.INHERIT);
        builder.environment().put("LC_ALL", "C");
        process = builder.start();
        to = new PrintStream(process.getOutputStream(), true, UTF_8);
        from = new BufferedReader(new InputStreamReader(process.getInputStream(), UTF_8));
    }

    /// @param who words before the command, which make it another user's
    static Commands ofShell(List<String> who) throws IOException {
        String loop = "while read -r line; do said=$(eval \"$line\" 2>&1 </dev/null); echo \"$?	\"$said; done";
        return new Commands(who, List.of("sh", "-c", loop));
    }

    /// @param classPath as that user can read it
    static Commands ofFid(List<String> who, String classPath) throws IOException {
        return new Commands(
                who,
                List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        classPath,
                        Commands.class.getName()));
    }

    /// Copies of a class path where everybody can read them.
    static String readable(String classPath, Path to) throws IOException {
        List<String> copies = new ArrayList<>();
        for (String entry : classPath.split(":", -1)) {
            if (entry.contains("/test-classes") || !Files.exists(Path.of(entry))) {
                continue;
            }
            Path copy = Files.createDirectories(to.resolve(Integer.toString(copies.size())));
            String from = Files.isDirectory(Path.of(entry)) ? entry + "/." : entry;
            run("cp", "-r", from, copy.toString());
            copies.add(
                    Files.isDirectory(Path.of(entry))
                            ? copy.toString()
                            : copy + "/" + Path.of(entry).getFileName());
        }
        String own = Commands.class.getName().replace('.', '/');
        Path folder = Files.createDirectories(to.resolve("own").resolve(own).getParent());
        Path classes = Path.of(Commands.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .getPath());
        try (var all = Files.newDirectoryStream(classes.resolve(own).getParent(), "Commands*.class")) {
            for (Path each : all) {
                Files.copy(each, folder.resolve(each.getFileName()));
            }
        }
        copies.add(to.resolve("own").toString());
        run("chmod", "-R", "a+rX", to.toString());
        return String.join(":", copies);
    }

    private static void run(String... command) throws IOException {
        Process process = new ProcessBuilder(command).inheritIO().start();
        try {
            if (process.waitFor() != 0) {
                throw new IOException(String.join(" ", command));
            }
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    Ran run(List<String> words) throws IOException {
        to.println(String.join(" ", words));
        CompletableFuture<Void> tooLate = CompletableFuture.runAsync(
                process::destroyForcibly, CompletableFuture.delayedExecutor(SECONDS, TimeUnit.SECONDS));
        String answer = from.readLine();
        tooLate.cancel(false);
        if (answer == null) {
            throw new IOException("it ended, or hung, at: " + words);
        }
        int tab = answer.indexOf('\t');
        return new Ran(Integer.parseInt(answer.substring(0, tab)), answer.substring(tab + 1));
    }

    @Override
    public void close() {
        to.close();
        try {
            if (!process.waitFor(20, TimeUnit.SECONDS)) {
                throw new AssertionError("it does not end");
            }
            from.close();
        } catch (InterruptedException | IOException e) {
            throw new AssertionError(e);
        } finally {
            process.destroyForcibly();
        }
    }

    /// The JVM: `copy -r a b` in, exit code and messages out. `<IN` and `>OUT` at the end are for descriptors 0 and 1,
    /// as a shell has them.
    public static void main(String[] args) throws IOException {
        Kernel kernel = Kernel.linux();
        int in = kernel.fcntl(0, Uapi.F_DUPFD_CLOEXEC, 10);
        int out = kernel.fcntl(1, Uapi.F_DUPFD_CLOEXEC, 10);
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(Streams.input(Fd.borrow(in)), UTF_8));
                PrintStream answers = new PrintStream(Streams.output(Fd.borrow(out)), true, UTF_8)) {
            String line;
            while ((line = lines.readLine()) != null) {
                List<String> words = new ArrayList<>(List.of(line.split(" ", -1)));
                words.removeIf(word -> word.matches("[<>].*") && redirect(kernel, word));
                ByteArrayOutputStream err = new ByteArrayOutputStream();
                int status = Main.run(words.toArray(String[]::new), OutputStream.nullOutputStream(), err);
                redirect(kernel, "</dev/null");
                redirect(kernel, ">/dev/null");
                answers.println(status + "\t" + err.toString(UTF_8).strip().replace('\n', ' '));
            }
        }
    }

    /// `<PATH`, `>PATH`, `<&-`, `>&-`, and `>!PATH`: a FIFO that nobody reads any more.
    private static boolean redirect(Kernel kernel, String word) {
        int number = word.charAt(0) == '<' ? 0 : 1;
        if (word.endsWith("&-")) {
            kernel.close(number);
            return true;
        }
        boolean broken = word.startsWith(">!");
        byte[] path = word.substring(broken ? 2 : 1).getBytes(UTF_8);
        int reader = broken ? kernel.openat(Uapi.AT_FDCWD, path, Uapi.O_RDWR, 0) : -1;
        int how = number == 0 ? Uapi.O_RDONLY : Uapi.O_WRONLY | Uapi.O_CREAT | Uapi.O_TRUNC;
        int fd = kernel.openat(Uapi.AT_FDCWD, path, how, 0666);
        if (fd < 0) {
            throw new AssertionError(word + ": errno " + -fd);
        }
        if (fd != number) {
            kernel.dup3(fd, number, 0);
            kernel.close(fd);
        }
        kernel.close(reader);
        return true;
    }

    /// What makes a command another user's.
    static List<String> nobody() {
        Needs.root();
        Needs.programs("setpriv");
        return List.of("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--bounding-set=-all");
    }
}
