package dev.fid.tests.behaviour;

import static java.nio.file.StandardOpenOption.APPEND;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.TRUNCATE_EXISTING;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fid.Fd;
import dev.fid.files.Fid;
import dev.fid.files.Replacement;
import dev.fid.files.Tree;
import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Uapi;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.ProviderMismatchException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// {@link Fd#open} does with its options what {@link FileChannel#open} does with them, as its documentation
/// promises.
class OpenOptionsTest extends Fixture {
    private static final List<OpenOption> OPTIONS = List.of(READ, WRITE, APPEND, TRUNCATE_EXISTING, CREATE, CREATE_NEW);

    private interface Opener {
        void open(Path path, OpenOption... options) throws Exception;
    }

    @Test
    void everyCombinationIsOpenedOrRefusedAsFileChannelDoesIt() throws Exception {
        for (int set = 0; set < 1 << OPTIONS.size(); set++) {
            List<OpenOption> options = new ArrayList<>();
            for (int i = 0; i < OPTIONS.size(); i++) {
                if ((set & 1 << i) != 0) {
                    options.add(OPTIONS.get(i));
                }
            }
            for (boolean exists : new boolean[] {false, true}) {
                String theirs = outcome(options, exists, this::openTheirs);
                String ours = outcome(options, exists, this::openOurs);
                assertThat(ours)
                        .as("%s of a file that %s", options, exists ? "exists" : "is missing")
                        .isEqualTo(theirs);
            }
        }
    }

    private void openTheirs(Path path, OpenOption... options) throws Exception {
        FileChannel.open(path, options).close();
    }

    private void openOurs(Path path, OpenOption... options) throws Exception {
        try (Fd fd = Fd.open(path, options)) {
            boolean reads = (kernel.fcntl(fd.number(), Uapi.F_GETFL, 0) & Uapi.O_ACCMODE) != Uapi.O_WRONLY;
            boolean writesOnly =
                    List.of(options).contains(WRITE) || List.of(options).contains(APPEND);
            assertThat(reads).isEqualTo(!writesOnly || List.of(options).contains(READ));
        }
    }

    /// What became of the call and of the file.
    private String outcome(List<OpenOption> options, boolean exists, Opener opener) throws IOException {
        Path path = dir.resolve("file");
        Files.deleteIfExists(path);
        if (exists) {
            Files.writeString(path, "hello");
        }
        String result;
        try {
            opener.open(path, options.toArray(OpenOption[]::new));
            result = "opened";
        } catch (NoSuchFileException e) {
            result = "ENOENT";
        } catch (FileAlreadyExistsException e) {
            result = "EEXIST";
        } catch (ErrnoException e) {
            result = Errno.name(e.errno());
        } catch (Exception e) {
            result = e.getClass().getSimpleName();
        }
        return result + ", " + (Files.exists(path) ? "'" + Files.readString(path) + "'" : "missing");
    }

    @Test
    void aPathOfAnotherFileSystemIsRefusedAndTheRealFileOfThatNameIsLeftAlone() throws Exception {
        Path real = dir.resolve("victim");
        Files.writeString(real, "mine");
        Path archive = dir.resolve("a.zip");
        try (FileSystem zip = FileSystems.newFileSystem(archive, Map.of("create", "true"))) {
            Path inside = zip.getPath(real.toString());
            List<Opener> uses = List.of(
                    (path, options) -> Fd.open(path, WRITE, TRUNCATE_EXISTING).close(),
                    (path, options) -> Replacement.of(path).close(),
                    (path, options) -> Fid.copy(archive, path),
                    (path, options) -> Fid.copy(path, real),
                    (path, options) -> Fid.probe(path),
                    (path, options) -> Tree.from(real).to(path).run(),
                    (path, options) -> Tree.from(path).to(dir.resolve("copy")).run());
            for (int i = 0; i < uses.size(); i++) {
                Opener use = uses.get(i);
                assertThatThrownBy(() -> use.open(inside))
                        .as("use %d", i)
                        .isInstanceOf(ProviderMismatchException.class);
            }
        }
        assertThat(real).hasContent("mine");
    }

    @Test
    void anUnresolvedAddressSaysWhatToDo() {
        InetSocketAddress address = InetSocketAddress.createUnresolved("db.example", 5432);
        for (Opener use :
                List.<Opener>of((path, options) -> Fd.connect(address), (path, options) -> Fd.listen(address))) {
            assertThatThrownBy(() -> use.open(dir))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("db.example:5432 is not resolved: new InetSocketAddress(\"db.example\", 5432) asks the"
                            + " resolver, and stays unresolved where the name is not known");
        }
    }
}
