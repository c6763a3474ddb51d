package dev.fid.tests.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fid.tests.Needs;
import dev.fid.tests.cli.CProgram;
import dev.fid.tests.conformance.LoopMount;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// A sample of the campaigns' faults, made by strace(1) and by seccomp(2) instead: the two agree.
class InjectedTest {
    private static final int BYTES = 300_000;

    @TempDir
    Path dir;

    private Path in() throws IOException {
        return Files.write(dir.resolve("in"), Arrays.copyOf(TransferScenarios.CONTENT, BYTES));
    }

    private Path folder() throws IOException {
        Path folder = Files.createDirectory(dir.resolve("folder"));
        Files.writeString(folder.resolve("out"), "old");
        return folder;
    }

    @ParameterizedTest
    @CsvSource({
        "copy, copy_file_range, error=EIO:when=1, ok",
        "copy, copy_file_range, error=EIO:when=2+, EIO",
        "copy, copy_file_range, error=EINTR:when=1+2, ok",
        "copy, copy_file_range, error=EXDEV:when=1+, ok",
        "copy, copy_file_range, retval=0:when=1, ok",
        "through, splice, error=EINTR:when=1+2, ok",
        "through, splice, error=ENOMEM:when=2, ENOMEM",
        "through, splice, error=EINVAL:when=2, ok",
        "through, splice, retval=0:when=1, ok",
        "sendfile, sendfile, error=EAGAIN:when=1, ok",
        "sendfile, sendfile, error=EDQUOT:when=1, EDQUOT",
        "sendfile, fsync, error=EIO:when=1, EIO",
        "sendfile, linkat, error=ENOSPC:when=1, ok",
        "sendfile, linkat, error=ENOSPC, ENOSPC",
        "sendfile, renameat2, error=EROFS:when=1, EROFS",
        "through, pipe2, error=EMFILE:when=1, ok"
    })
    void whatStraceInjectsIsToldOrOvercome(String way, String call, String injection, String end) throws IOException {
        LoopMount.require("strace");
        Path in = in();
        Path folder = folder();
        List<String> strace = List.of(
                "strace",
                "--seccomp-bpf",
                "-f",
                "-qq",
                "-o",
                dir.resolve("log").toString(),
                "-e",
                "trace=" + call,
                "-e",
                "inject=" + call + ":" + injection);
        judge(Child.run(strace, way, in, folder.resolve("out")), folder, end);
        assertThat(Files.readString(dir.resolve("log"))).contains("INJECTED");
    }

    @ParameterizedTest
    @CsvSource({
        "38, 'splice,tee,vmsplice,sendfile,copy_file_range'",
        "1, 'splice,tee,vmsplice,sendfile,copy_file_range'",
        "22, 'splice,copy_file_range'",
        "24, pipe2"
    })
    void whatASeccompFilterDeniesIsDoneOtherwise(int errno, String calls) throws IOException {
        Needs.root();
        Path deny = CProgram.build("deny", dir, "seccomp");
        Path in = in();
        Path folder = folder();
        for (String way : List.of("copy", "through", "sendfile")) {
            List<String> launcher = new ArrayList<>(List.of(deny.toString(), Integer.toString(errno), calls));
            judge(Child.run(launcher, way, in, folder.resolve("out")), folder, "ok");
        }
    }

    @Test
    void aKernelWithoutStatxSaysSo() throws IOException {
        LoopMount.require("strace");
        Path in = in();
        Path folder = folder();
        List<String> strace = List.of(
                "strace",
                "--seccomp-bpf",
                "-f",
                "-qq",
                "-o",
                "/dev/null",
                "-e",
                "trace=statx",
                "-e",
                "inject=statx:error=ENOSYS:when=1+");
        judge(Child.run(strace, "sendfile", in, folder.resolve("out")), folder, "ENOSYS");
    }

    private void judge(List<String> told, Path folder, String end) throws IOException {
        assertThat(told.getFirst()).startsWith(end + " ");
        if (end.equals("ok")) {
            assertThat(told.getFirst()).isEqualTo("ok " + BYTES);
            assertThat(Files.mismatch(dir.resolve("in"), folder.resolve("out"))).isEqualTo(-1);
        } else {
            assertThat(folder.resolve("out")).hasContent("old");
        }
        assertThat(folder.toFile().list()).containsExactly("out");
    }
}
