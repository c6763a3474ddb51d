package dev.fid.tests.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// System calls that fail where strace(1) or seccomp(2) makes them: a sample by default, all with
/// `-Dfid.campaign=long`. CP-010, CP-012, CP-016, CP-017.
class InjectedTest extends Sandbox {
    private static final boolean LONG = "long".equals(System.getProperty("fid.campaign"));
    private static final int SIZE = 20_000_000; // three calls of copy_file_range

    @BeforeEach
    void tools() {
        require(false, "strace");
    }

    private Ran injected(String injection, boolean kills, String... words) throws IOException {
        List<String> command = new ArrayList<>(List.of("strace", "-f", "-qq", "-o", "/dev/null"));
        if (!kills) {
            command.add("--seccomp-bpf"); // faster, but it does not deliver signals
        }
        String call = injection.substring(0, injection.indexOf(':'));
        command.addAll(List.of("-e", "trace=" + call, "-e", "inject=" + injection));
        command.addAll(List.of(words));
        return run(command);
    }

    @Test
    void anErrorSaysWhetherItIsTheSourcesOrTheDestinations() throws IOException {
        file("a", 100_000);
        file("b", 10);
        List<String> source = new ArrayList<>(fid("-v", "copy", "--method", "readwrite", "a", "b"));
        source.addAll(0, List.of("-P", path("a")));
        Ran in = injected("read:error=EIO:when=1", false, source.toArray(String[]::new));
        assertThat(in.err())
                .startsWith("fid: copy: a: Input/output error (EIO)")
                .endsWith("; b is untouched\n");
        assertThat(in.status()).isEqualTo(1);
        Ran out = injected(
                "copy_file_range:error=ENOSPC:when=1",
                false,
                fid("-v", "copy", "a", "b").toArray(String[]::new));
        assertThat(out.err()).isEqualTo("fid: copy: b: No space left on device (ENOSPC); b is untouched\n");
        assertThat(out.status()).isEqualTo(1);
        Ran splice =
                sh("cat a | strace -f -qq -o /dev/null -e trace=splice -e inject=splice:error=EIO:when=1 fid copy - b");
        assertThat(splice.err()).startsWith("fid: copy: b: Input/output error");
        assertThat(splice.status()).isEqualTo(1);
    }

    @Test
    void withoutAPipeOfItsOwnTheBytesArriveAllTheSame() throws IOException {
        byte[] bytes = file("a", 1_000_000);
        Ran ran = injected(
                "pipe2:error=EMFILE",
                false,
                fid("copy", "--method", "splice_through_pipe", "a", "b").toArray(String[]::new));
        assertThat(ran.err()).contains("by readwrite").contains("; not splice_through_pipe: pipe2 EMFILE");
        assertThat(ran.status()).isZero();
        assertThat(content("b")).isEqualTo(bytes);
    }

    static List<String> failures() {
        List<String> all = new ArrayList<>();
        // Not statx: the JVM makes it too, and does not start without. The campaigns in one process break that.
        for (String call : List.of("copy_file_range", "ftruncate", "linkat", "renameat2", "fsync")) {
            for (String errno : List.of("EIO", "ENOSPC", "ENOMEM", "EAGAIN", "EINTR", "EINVAL", "EPERM", "ENOSYS")) {
                for (int when = 1; when <= 4; when++) {
                    all.add(call + ":error=" + errno + ":when=" + when);
                }
            }
        }
        for (int when = 1; when <= 4; when++) {
            all.add("copy_file_range:retval=0:when=" + when);
        }
        // Not EAGAIN for ever, which is a hang by its very meaning.
        all.removeIf(one -> one.startsWith("copy_file_range:error=EAGAIN"));
        if (LONG) {
            return all;
        }
        return List.of(
                "copy_file_range:error=EIO:when=1",
                "copy_file_range:error=ENOSPC:when=2",
                "copy_file_range:error=ENOMEM:when=3",
                "copy_file_range:error=EINTR:when=2",
                "copy_file_range:error=EINVAL:when=1",
                "copy_file_range:error=ENOSYS:when=2",
                "copy_file_range:retval=0:when=2",
                "linkat:error=EIO:when=1",
                "renameat2:error=ENOSPC:when=1",
                "fsync:error=EIO:when=1");
    }

    @ParameterizedTest
    @org.junit.jupiter.params.provider.MethodSource("failures")
    void aCallThatFailsNeverGivesWrongBytesForSuccess(String injection) throws IOException {
        byte[] bytes = file("a", SIZE);
        byte[] old = file("b", 10);
        Ran ran = injected(injection, false, fid("copy", "--fsync", "a", "b").toArray(String[]::new));
        if (ran.status() == 0) {
            assertThat(Arrays.equals(content("b"), bytes)).as("the new content").isTrue();
        } else {
            assertThat(ran.err()).startsWith("fid: copy: ");
            assertThat(ran.status()).isLessThan(70);
            // The second fsync is the directory's: the new file has its name by then, as Replacement.commit says.
            boolean named = injection.startsWith("fsync") && injection.endsWith("when=2");
            assertThat(ran.err()).contains(named ? "the new file is in place" : "b");
            assertThat(Arrays.equals(content("b"), named ? bytes : old))
                    .as(injection)
                    .isTrue();
        }
        assertThat(names()).containsExactly("a", "b");
    }

    static List<String> deaths() {
        return LONG
                ? List.of(
                        "copy_file_range:signal=KILL:when=1",
                        "copy_file_range:signal=KILL:when=2",
                        "copy_file_range:signal=KILL:when=3",
                        "linkat:signal=KILL:when=1",
                        "renameat2:signal=KILL:when=1",
                        "fsync:signal=KILL:when=1",
                        "fsync:signal=KILL:when=2")
                : List.of(
                        "copy_file_range:signal=KILL:when=2",
                        "linkat:signal=KILL:when=1",
                        "renameat2:signal=KILL:when=1");
    }

    @ParameterizedTest
    @org.junit.jupiter.params.provider.MethodSource("deaths")
    void killedAtAnyMomentTheFileIsOldOrNewAndTheNextRunCleansUp(String injection) throws IOException {
        byte[] bytes = file("a", SIZE);
        byte[] old = file("b", 10);
        Ran ran = injected(injection, true, fid("copy", "--fsync", "a", "b").toArray(String[]::new));
        assertThat(ran.status()).isEqualTo(137);
        byte[] now = content("b");
        assertThat(Arrays.equals(now, old) || Arrays.equals(now, bytes))
                .as("old or new")
                .isTrue();
        assertThat(names()).allMatch(name -> name.matches("a|b|\\.b\\.fid-[0-9a-f]{16}"));
        assertThat(here("copy", path("a"), path("b")).status()).isZero();
        assertThat(Arrays.equals(content("b"), bytes)).isTrue();
        assertThat(names()).containsExactly("a", "b");
    }

    @ParameterizedTest
    @CsvSource({"38", "1", "22"})
    void withoutAnyCallThatMovesBytesInTheKernelReadAndWriteDo(int errno) throws IOException {
        CProgram.build("deny", dir.resolve(".bin"), "seccomp");
        byte[] bytes = file("a", 1_000_000);
        String deny = "deny " + errno + " splice,tee,vmsplice,copy_file_range,sendfile ";
        Ran ran = sh(deny + "fid copy a b && cat a | " + deny + "fid -q copy - - | cmp - a");
        assertThat(ran.err()).contains("by readwrite; 977 KiB through user space");
        assertThat(ran.status()).as(ran.err()).isZero();
        assertThat(content("b")).isEqualTo(bytes);
        Ran never = sh(deny + "fid copy --method copy_file_range --fallback never a c");
        assertThat(never.err())
                .matches("fid: copy: --method copy_file_range: the kernel refused \\(E\\w+\\): .*\\s+hint: use"
                        + " --fallback auto, or `fid explain --errno E\\w+ a c`\\s+");
        assertThat(never.status()).isEqualTo(5);
    }

    @ParameterizedTest
    @ValueSource(strings = {"deny 38 openat2 fid copy a b", "deny 1 linkat,renameat2 fid copy a b"})
    void aNameThatCannotBeGivenLeavesTheOldFile(String line) throws IOException {
        CProgram.build("deny", dir.resolve(".bin"), "seccomp");
        byte[] bytes = file("a", 100_000);
        byte[] old = file("b", 10);
        Ran ran = sh(line);
        assertThat(content("b")).isEqualTo(ran.status() == 0 ? bytes : old);
        assertThat(ran.status() == 0 ? "" : ran.err()).doesNotContain("bug of fid");
        assertThat(names()).containsExactly("a", "b");
    }
}
