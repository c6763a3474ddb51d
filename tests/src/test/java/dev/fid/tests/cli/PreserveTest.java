package dev.fid.tests.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fid.faults.FaultyKernel;
import dev.fid.files.Tree;
import dev.fid.kernel.Errno;
import dev.fid.kernel.Kernel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What `--preserve` keeps is what cp(1) keeps, by descriptor; what a file system will not hold is told, and costs no
/// data.
class PreserveTest extends Sandbox {
    private static final EnumSet<Tree.Kept> ALL = EnumSet.allOf(Tree.Kept.class);

    private String list(String name) throws IOException {
        return sh("getfacl -p -c '" + name + "'").out();
    }

    // ---- access lists ----

    @ParameterizedTest
    @CsvSource({"'',-p", "-r,-rp"})
    void aModeComesWithTheAccessListWhoseMaskItShows(String way, String cp) throws IOException {
        require(false, "setfacl");
        sh("echo x > a; chmod 604 a; setfacl -m u:1000:rw a; cp " + cp + " a peer; fid copy " + way
                + " --preserve a mine");
        assertThat(list("mine")).contains("group::---", "mask::rw-").isEqualTo(list("peer"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"--preserve=acl", "--preserve=all", "--preserve", "--preserve=owner,mode"})
    void anInheritedListDoesNotStay(String preserve) throws IOException {
        require(false, "setfacl");
        sh("mkdir d s s/sub; setfacl -d -m u:1000:rwx d; echo x > s/a; chmod 640 s/a; mkfifo -m 600 s/f;"
                + " echo y > s/l; setfacl -m g:1000:r s/l");
        assertThat(sh("fid copy -r " + preserve + " s d; fid copy " + preserve + " s/a d/single")
                        .err())
                .doesNotContain("fid:");
        for (String name : List.of("a", "f", "l", "sub", "")) {
            assertThat(list("d/s/" + name)).as(name).isEqualTo(list("s/" + name));
        }
        assertThat(list("d/single")).isEqualTo(list("s/a"));
    }

    @Test
    void whereTheListIsLostItsMaskIsNoRightOfTheGroup() throws IOException {
        require(false, "setfacl");
        sh("echo x > a; chmod 604 a; setfacl -m u:1000:rw a");
        Kernel without = FaultyKernel.over(Kernel.linux())
                .on("fsetxattr")
                .fails(Errno.EOPNOTSUPP)
                .kernel();
        Tree.Report report = Tree.from(dir.resolve("a"))
                .to(dir.resolve("b"))
                .on(without)
                .keep(EnumSet.of(Tree.Kept.MODE))
                .run();
        assertThat(report.failed()).isEqualTo(1);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(dir.resolve("b"))))
                .isEqualTo("rw----r--");
    }

    // ---- what a file system will not hold ----

    @ParameterizedTest
    @CsvSource({"fsetxattr,95", "fchmod,1", "fchmod,38", "fchownat,1", "fchownat,38", "utimensat,38"})
    void whatIsRefusedCostsNoDataAndIsTold(String call, int errno) throws IOException {
        require(true, "setfattr");
        sh("mkdir s; echo x > s/a; setfattr -n user.c -v 1 s/a; chown 1000 s/a; chmod 4751 s/a; mkfifo s/f");
        FaultyKernel refusing = FaultyKernel.over(Kernel.linux()).on(call).fails(errno);
        Tree.Report must = Tree.from(dir.resolve("s"))
                .to(dir.resolve("must"))
                .on(refusing.kernel())
                .keep(ALL)
                .run();
        assertThat(must.failed()).isPositive();
        assertThat(must.failures()).allMatch(each -> each.cause().errno() == errno);
        assertThat(dir.resolve("must/a")).hasContent("x");
        assertThat(dir.resolve("must/f")).exists();
        Tree.Report can = Tree.from(dir.resolve("s"))
                .to(dir.resolve("can"))
                .on(refusing.kernel())
                .keepIfPossible(ALL)
                .run();
        assertThat(can.failed()).as(can.failures().toString()).isZero();
        assertThat(can.lost()).hasSize(1);
        assertThat(dir.resolve("can/a")).hasContent("x");
        // Who owns it is not who was to run as its owner.
        if (call.equals("fchownat")) {
            assertThat(sh("find must can -perm /6000").out()).isEmpty();
        }
    }

    @Test
    void allIsWhatTheDestinationCanHoldAndXattrIsAMust() throws IOException {
        require(true, "mount", "setfattr");
        sh("mkdir s m; echo x > s/a; setfattr -n user.c -v 1 s/a");
        sh("mount -t ramfs ramfs m");
        try {
            Ran all = here("copy", "--preserve=all", path("s/a"), path("m/a"));
            assertThat(all.err()).contains("note: " + path("m/a") + " lacks xattr: Operation not supported\n");
            assertThat(all.status()).isZero();
            Ran tree = here("copy", "-r", "--preserve=all", path("s"), path("m/t"));
            assertThat(tree.err()).contains("note: 1 lack xattr: Operation not supported\n");
            assertThat(tree.status()).isZero();
            for (String[] words : new String[][] {
                {"copy", "--preserve=xattr", path("s/a"), path("m/b")},
                {"copy", "--preserve=all,xattr", path("s/a"), path("m/b")},
                {"copy", "-r", "--preserve=xattr", path("s/a"), path("m/b")}
            }) {
                Ran must = here(words);
                assertThat(must.err()).contains("user.c was not kept: Operation not supported");
                assertThat(must.status()).isEqualTo(1);
                assertThat(dir.resolve("m/b")).hasContent("x");
                Files.delete(dir.resolve("m/b"));
            }
        } finally {
            sh("umount m");
        }
    }

    @Test
    void aReplacedFileWhoseModeCannotBeSetIsReplacedAllTheSame() throws IOException {
        file("a", 100);
        file("b", 10);
        Files.setPosixFilePermissions(dir.resolve("b"), PosixFilePermissions.fromString("rw-rw-rw-"));
        Kernel refusing = FaultyKernel.over(Kernel.linux())
                .on("fchmod")
                .fails(Errno.EPERM)
                .kernel();
        Tree.Report report =
                Tree.from(dir.resolve("a")).to(dir.resolve("b")).on(refusing).run();
        assertThat(report.failed()).isEqualTo(1);
        assertThat(content("b")).isEqualTo(content("a"));
    }

    // ---- links and nodes ----

    @Test
    void attributesAndTimesOfALinkAreItsOwn() throws IOException {
        require(true, "setfattr", "getfattr");
        sh("mkdir s; echo x > s/t; ln -s t s/l; setfattr -h -n trusted.c -v 1 s/l; touch -h -d 2001-02-03 s/l;"
                + " chown -h 1000 s/l");
        assertThat(here("copy", "-r", "--preserve=all", path("s"), path("d")).status())
                .isZero();
        assertThat(sh("getfattr -h -n trusted.c --only-values d/l; stat -c ' %u %y' d/l")
                        .out())
                .startsWith("1 1000 2001-02-03");
        assertThat(sh("stat -c '%u' d/t").out()).isEqualTo("0\n");
    }

    /// In a directory where others may write, the name of what was just made can be another file's a moment later.
    @ParameterizedTest
    @ValueSource(strings = {"fifo", "link"})
    void aFileThatTakesANodesNameMeanwhileIsLeftAlone(String kind) throws IOException {
        require(true, "mkfifo");
        sh("mkdir s; " + (kind.equals("fifo") ? "mkfifo -m 666 s/n" : "ln -s x s/n")
                + "; chown -h 1000 s/n; touch -h -d 2001-02-03 s/n");
        int swaps = 0;
        for (String call : List.of("openat", "fchownat", "fchmod", "fchmodat", "utimensat", "statx")) {
            for (int index = 1; index <= 3; index++) {
                swaps += swapped(call, index) ? 1 : 0;
            }
        }
        assertThat(swaps).isGreaterThan(5);
    }

    private boolean swapped(String call, int index) throws IOException {
        sh("rm -rf d victim; mkdir d; echo mine > victim; chmod 600 victim; touch -d 2005-05-05 victim");
        Path victim = dir.resolve("victim");
        FileTime time = Files.getLastModifiedTime(victim);
        AtomicBoolean made = new AtomicBoolean();
        AtomicBoolean done = new AtomicBoolean();
        FaultyKernel racing = FaultyKernel.over(Kernel.linux());
        racing.on("mknodat", "symlinkat").runs(made0 -> made.set(true));
        int[] seen = {0};
        racing.on(call).runs(each -> {
            if (made.get() && ++seen[0] == index) {
                done.set(swap(victim));
            }
        });
        Tree.from(dir.resolve("s"))
                .to(dir.resolve("d"))
                .on(racing.kernel())
                .keep(ALL)
                .run();
        assertThat(Files.getAttribute(victim, "unix:uid"))
                .as(call + " " + index)
                .isEqualTo(0);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(victim)))
                .isEqualTo("rw-------");
        assertThat(Files.getLastModifiedTime(victim)).isEqualTo(time);
        return done.get();
    }

    /// Puts a hard link to the victim where the node lies under its hidden name.
    private boolean swap(Path victim) {
        try (var names = Files.walk(dir.resolve("d"))) {
            for (Path name : names.filter(
                            each -> String.valueOf(each.getFileName()).startsWith("."))
                    .toList()) {
                Files.delete(name);
                Files.createLink(name, victim);
                return true;
            }
            return false;
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @Test
    void theAccessTimeIsFromBeforeItWasRead() throws IOException {
        sh("echo x > a; touch -a -d 2001-02-03 a; fid copy --preserve a b");
        assertThat(sh("stat -c %x b").out()).startsWith("2001-02-03");
        assertThat(new String(content("b"), UTF_8)).isEqualTo("x\n");
    }
}
