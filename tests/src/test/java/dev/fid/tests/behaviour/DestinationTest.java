package dev.fid.tests.behaviour;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.fid.Fd;
import dev.fid.faults.FaultyKernel;
import dev.fid.files.Destination;
import dev.fid.files.Replacement;
import dev.fid.files.Tree;
import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Name;
import dev.fid.kernel.Stat;
import dev.fid.kernel.Uapi;
import java.io.IOException;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The kernel says whether a link may be followed, and the file that is replaced is the one that it opened.
class DestinationTest {
    @TempDir
    Path dir;

    private final FaultyKernel faulty = FaultyKernel.over(Kernel.linux());

    @BeforeEach
    void files() throws IOException {
        Files.writeString(dir.resolve("victim"), "victim");
        Files.writeString(dir.resolve("other"), "other");
        Files.writeString(dir.resolve("source"), "source");
        Files.createSymbolicLink(dir.resolve("link"), Path.of("victim"));
    }

    private static boolean names(FaultyKernel.Call call, String name) {
        return call.arguments().stream()
                .anyMatch(each -> each instanceof byte[] bytes && new String(bytes, UTF_8).endsWith(name));
    }

    private void replace(Path path) throws ErrnoException {
        try (Replacement file = Replacement.of(faulty.kernel(), path, 0666)) {
            file.commit(false);
        }
    }

    private void copyAsTree(Path path) throws ErrnoException {
        Tree.from(dir.resolve("source")).to(path).on(faulty.kernel()).run();
    }

    private void assertFails(int errno, Throwable thrown) throws IOException {
        assertThat(thrown).isInstanceOf(ErrnoException.class);
        assertThat(((ErrnoException) thrown).errno()).as(thrown.getMessage()).isEqualTo(errno);
        assertThat(dir.resolve("victim")).hasContent("victim");
        assertThat(dir.resolve("other")).hasContent("other");
        assertThat(dir.toFile().list()).hasSizeLessThanOrEqualTo(5);
    }

    @ParameterizedTest
    @ValueSource(ints = {Errno.EACCES, Errno.ELOOP})
    void aLinkThatTheKernelDoesNotFollowEndsTheCopy(int errno) throws IOException {
        // As fs.protected_symlinks does it: readlink(2) is allowed all the same.
        faulty.on("openat").when(call -> names(call, "link")).every().fails(errno);
        assertFails(errno, catchThrowable(() -> replace(dir.resolve("link"))));
        assertFails(errno, catchThrowable(() -> copyAsTree(dir.resolve("link"))));
    }

    private void assertSwapIsSeen(Consumer<FaultyKernel> rule) throws IOException {
        rule.accept(faulty);
        assertFails(Errno.ESTALE, catchThrowable(() -> replace(dir.resolve("link"))));
        assertThat(Files.readSymbolicLink(dir.resolve("link"))).hasToString("other");
    }

    private void swap(FaultyKernel.Call call) {
        try {
            Path next = dir.resolve("next");
            Files.deleteIfExists(next);
            Files.createSymbolicLink(next, Path.of("other"));
            Files.move(next, dir.resolve("link"), StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void aLinkThatIsSwappedAfterTheKernelFollowedItEndsTheCopy() throws IOException {
        assertSwapIsSeen(faulty -> faulty.on("readlinkat").nth(1).runs(this::swap));
    }

    @Test
    void aFileThatIsSwappedWhileItsNameIsLookedForEndsTheCopy() throws IOException {
        faulty.on("readlinkat").nth(1).runs(call -> {
            try {
                Files.move(dir.resolve("other"), dir.resolve("third"));
                Files.copy(dir.resolve("victim"), dir.resolve("other"));
                Files.move(dir.resolve("other"), dir.resolve("victim"), StandardCopyOption.REPLACE_EXISTING);
                Files.move(dir.resolve("third"), dir.resolve("other"));
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        });
        assertFails(Errno.ESTALE, catchThrowable(() -> replace(dir.resolve("link"))));
    }

    @Test
    void whatIsWrittenInPlaceIsTheFileThatWasLookedAt() throws IOException {
        try (Destination place = Destination.of(Kernel.linux(), Name.of(dir.resolve("other")))) {
            Files.move(dir.resolve("victim"), dir.resolve("other"), StandardCopyOption.REPLACE_EXISTING);
            ErrnoException e = (ErrnoException)
                    catchThrowable(() -> place.open(StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING)
                            .close());
            assertThat(e.errno()).isEqualTo(Errno.ESTALE);
        }
        assertThat(dir.resolve("other")).hasContent("victim");
    }

    @Test
    void theRenameIsInTheDirectoryThatWasFound() throws IOException {
        Path one = Files.createDirectory(dir.resolve("one"));
        Files.writeString(one.resolve("f"), "old");
        try (Replacement file = Replacement.of(one.resolve("f"))) {
            Files.move(one, dir.resolve("moved"));
            Files.createDirectory(one);
            Files.writeString(one.resolve("f"), "another");
            try (Fd source = Fd.open(dir.resolve("source"))) {
                dev.fid.transfer.Transfer.from(source).to(file.fd()).run();
            }
            file.commit(false);
        }
        assertThat(one.resolve("f")).hasContent("another");
        assertThat(dir.resolve("moved/f")).hasContent("source");
    }

    /// A kernel that follows no link named `x`, as fs.protected_symlinks has it for somebody else's in a sticky
    /// directory; what is looked at and what is opened is one inode.
    private static Kernel guarded() {
        Kernel real = Kernel.linux();
        return (Kernel) Proxy.newProxyInstance(
                Kernel.class.getClassLoader(), new Class<?>[] {Kernel.class}, (proxy, method, arguments) -> {
                    if (method.isDefault()) {
                        return InvocationHandler.invokeDefault(proxy, method, arguments);
                    }
                    if (!method.getName().equals("openat")
                            || !new String((byte[]) arguments[1], UTF_8).matches("(.*/)?x")) {
                        return method.invoke(real, arguments);
                    }
                    int flags = (int) arguments[2];
                    int fd = real.openat((int) arguments[0], (byte[]) arguments[1], flags | Uapi.O_NOFOLLOW, 0);
                    Stat stat = new Stat();
                    if (fd >= 0 && real.fstat(fd, stat) == 0 && stat.type() == Uapi.S_IFLNK) {
                        real.close(fd);
                        return -Errno.EACCES;
                    }
                    return fd;
                });
    }

    @Test
    void aLinkThatMayNotBeFollowedIsNotFollowedHoweverItIsSwapped() throws Exception {
        Path x = Files.createDirectory(dir.resolve("shared")).resolve("x");
        Files.writeString(x, "mine");
        Path victim = dir.resolve("victim");
        AtomicBoolean done = new AtomicBoolean();
        Thread swapper = Thread.ofPlatform().start(() -> {
            try {
                Path next = x.resolveSibling("next");
                for (int i = 0; !done.get(); i++) {
                    if (i % 2 == 0) {
                        Files.createSymbolicLink(next, victim);
                    } else {
                        Files.writeString(next, "mine");
                    }
                    Files.move(next, x, StandardCopyOption.ATOMIC_MOVE);
                }
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        });
        Kernel guarded = guarded();
        int replaced = 0;
        int refused = 0;
        long end = System.nanoTime() + 10_000_000_000L;
        while (System.nanoTime() < end && Math.min(replaced, refused) < 200) {
            try (Replacement file = Replacement.of(guarded, x, 0666)) {
                file.commit(false);
                replaced++;
            } catch (ErrnoException e) {
                assertThat(e.errno()).as(e.getMessage()).isIn(Errno.EACCES, Errno.ESTALE);
                refused++;
            }
            assertThat(victim).as("after %d, and %d refused", replaced, refused).hasContent("victim");
        }
        done.set(true);
        swapper.join();
        assertThat(replaced).isPositive();
        assertThat(refused).isPositive();
    }
}
