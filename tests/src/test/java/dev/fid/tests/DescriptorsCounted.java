package dev.fid.tests;

import dev.fid.Fd;
import dev.fid.bridge.Streams;
import dev.fid.kernel.Kernel;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Pipe;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.TreeMap;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/// Fails a test that leaves a descriptor open, and names what it left. JUnit finds it by itself for every test of
/// this module (META-INF/services). It looks at the whole process, so tests must not run in parallel.
///
/// Descriptors are compared by number and link target: one that was closed and its number used again is a new
/// one.
public final class DescriptorsCounted implements BeforeEachCallback, AfterEachCallback {
    private static final Path OPEN = Path.of("/proc/self/fd");

    // A thread that the test has ended may still be closing what it owns. No collection is forced: a descriptor that
    // only the garbage collector would close is a leak.
    private static final int LOOKS = 1000;

    public DescriptorsCounted() {
        // Not in a static block: the readers' code is this class's and would wait for the block to end.
        startPollers();
        startFidPoller();
    }

    @Override
    public void beforeEach(ExtensionContext test) throws IOException {
        store(test).put("before", open());
    }

    @Override
    public void afterEach(ExtensionContext test) throws IOException {
        Descriptors before = store(test).getOrDefault("before", Descriptors.class, new Descriptors());
        Descriptors left = open().without(before);
        for (int look = 1; look < LOOKS && !left.isEmpty(); look++) {
            Thread.onSpinWait();
            left = open().without(before);
        }
        if (!left.isEmpty()) {
            throw new AssertionError("left open by " + test.getDisplayName() + ": " + left);
        }
    }

    /// What is open now but for the JVM's own, which comes whenever a class is loaded or a random number is
    /// drawn.
    private static Descriptors open() throws IOException {
        Descriptors open = new Descriptors();
        try (DirectoryStream<Path> numbers = Files.newDirectoryStream(OPEN)) {
            for (Path number : numbers) {
                try {
                    String target = Files.readSymbolicLink(number).toString();
                    if (!belongsToJvm(target)) {
                        open.put(Integer.valueOf(number.getFileName().toString()), target);
                    }
                } catch (NoSuchFileException e) {
                    // Closed since it was listed.
                }
            }
        }
        return open;
    }

    private static boolean belongsToJvm(String target) {
        return target.endsWith(".jar")
                || target.endsWith(".so")
                || target.endsWith("/lib/modules")
                || target.equals("/dev/random")
                || target.equals("/dev/urandom")
                || target.matches("/proc/\\d+/fd"); // the directory that is being read here
    }

    /// The JDK opens its epoll descriptors at the first wait of a virtual thread and keeps them. They are made to
    /// exist before the first count, so that no `anon_inode:[eventpoll]` needs to be ignored.
    private static void startPollers() {
        try {
            Pipe pipe = Pipe.open();
            try (Pipe.SourceChannel in = pipe.source();
                    Pipe.SinkChannel out = pipe.sink()) {
                Thread reader = Thread.ofVirtual().start(() -> readOneByte(in));
                while (reader.isAlive() && reader.getState() != Thread.State.WAITING) {
                    Thread.onSpinWait();
                }
                out.write(ByteBuffer.allocate(1));
                reader.join();
            }
        } catch (IOException | InterruptedException e) {
            throw new AssertionError("starting the JDK's pollers", e);
        }
    }

    /// Fid's own epoll descriptor, likewise.
    private static void startFidPoller() {
        try {
            Fd[] pair = Fd.pair(Kernel.linux());
            try (Fd in = pair[0];
                    Fd out = pair[1]) {
                Thread reader = Thread.ofVirtual().start(() -> readOneByte(in));
                while (reader.isAlive() && reader.getState() != Thread.State.WAITING) {
                    Thread.onSpinWait();
                }
                Streams.output(out).write(1);
                reader.join();
            }
        } catch (IOException | InterruptedException e) {
            throw new AssertionError("starting Fid's poller", e);
        }
    }

    private static void readOneByte(Fd in) {
        try (InputStream bytes = Streams.input(in)) {
            bytes.read();
        } catch (IOException e) {
            throw new AssertionError("reading one byte of a socket", e);
        }
    }

    private static void readOneByte(Pipe.SourceChannel in) {
        try {
            in.read(ByteBuffer.allocate(1));
        } catch (IOException e) {
            throw new AssertionError("reading one byte of a pipe", e);
        }
    }

    private static ExtensionContext.Store store(ExtensionContext test) {
        return test.getStore(ExtensionContext.Namespace.create(DescriptorsCounted.class));
    }

    /// Number to link target.
    private static final class Descriptors extends TreeMap<Integer, String> {
        private static final long serialVersionUID = 1;

        Descriptors without(Descriptors others) {
            Descriptors rest = new Descriptors();
            forEach((number, target) -> {
                if (!target.equals(others.get(number))) {
                    rest.put(number, target);
                }
            });
            return rest;
        }
    }
}
