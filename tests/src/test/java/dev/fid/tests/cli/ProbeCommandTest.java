package dev.fid.tests.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// `fid probe` on this machine and in sandboxes that take something away from it.
class ProbeCommandTest extends Sandbox {
    private static final String[] TITLES = {"\nMatrix\n", "\nIs a spliced page", "\nThis machine", "\nKnown bugs"};

    private static Ran whole(Ran ran) {
        assertThat(ran.err()).isEmpty();
        assertThat(ran.status()).isZero();
        assertThat(ran.out()).contains(TITLES).doesNotContain("Exception");
        return ran;
    }

    /// What stands in the row of one kind under the column of another in the first table.
    private static String cell(String out, String in, String to) {
        List<String> lines =
                out.lines().dropWhile(line -> !line.startsWith("    pip")).toList();
        int column = lines.getFirst().indexOf(to);
        assertThat(column).as(to).isPositive();
        String line =
                lines.stream().filter(one -> one.startsWith(in)).findFirst().orElseThrow();
        return line.substring(column, Math.min(line.length(), column + 4)).strip();
    }

    @Test
    void aProbeSaysWhatIsHereAndLeavesNothing() throws IOException {
        Ran ran = whole(run(fid("probe")));
        assertThat(ran.out()).contains("f1: file on ").contains(dir.toString());
        assertThat(ran.out().lines()).allMatch(line -> line.length() <= 80);
        assertThat(cell(ran.out(), "pip", "pip")).startsWith("s");
        assertThat(cell(ran.out(), "nul", "tcp")).isEqualTo("---");
        assertThat(names()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {40, 80, 132})
    void itFitsTheTerminal(int columns) throws IOException {
        require(false, "script", "stty");
        Files.writeString(
                dir.resolve("line.sh"),
                "stty cols " + columns + "; NO_COLOR=1 fid probe --path /dev/shm -v; "
                        + "fid probe --path /dev/shm --matrix all");
        Ran ran = run(List.of("script", "-qec", "sh line.sh", "/dev/null"));
        assertThat(ran.status()).isZero();
        assertThat(ran.out()).contains("Matrix").contains("EINVAL").doesNotContain("\033");
        // A path of /proc is one word, which cannot be broken.
        assertThat(ran.out().lines())
                .allMatch(line -> line.length() <= columns || !line.strip().contains(" "));
    }

    @Test
    void jsonHasEveryPairAndIsOneValue() throws IOException {
        require(false, "perl");
        Files.write(
                dir.resolve("probe.json"),
                whole0(run(fid("probe", "--json", "--path", "."))).data());
        String program = "use JSON::PP; local $/; my $j = decode_json(<STDIN>);"
                + "my %by; for my $c (@{$j->{matrix}}) { $by{$_}++ for keys %$c }"
                + "print join(' ', $j->{schema}, scalar @{$j->{matrix}}, $by{splice}, $by{sendfile}, $by{pipe},"
                + " scalar @{$j->{canaries}}, $j->{canaries}[0]{splice}{outcome},"
                + " scalar @{$j->{missing}}, $j->{kernel}{release});";
        Files.writeString(dir.resolve("read.pl"), program);
        String release = System.getProperty("os.version");
        assertThat(sh("perl read.pl < probe.json").out())
                .matches("fid\\.probe/1 196 196 196 196 1 (alias|copy) 0 " + java.util.regex.Pattern.quote(release));
    }

    private static Ran whole0(Ran ran) {
        assertThat(ran.err()).isEmpty();
        assertThat(ran.status()).isZero();
        return ran;
    }

    @Test
    void oneCallIsShownWithItsErrnos() {
        Ran ran = here("probe", "--path", dir.toString(), "--matrix", "sendfile");
        assertThat(ran.status()).isZero();
        assertThat(ran.out()).startsWith("sendfile from a row to a column");
        assertThat(cell(ran.out().replace("yes    ", "yes    "), "tcp", "f1")).startsWith("EIN");
        assertThat(ran.out()).doesNotContain("splice from a row");
        Ran wrong = here("probe", "--matrix", "splce");
        assertThat(wrong.status()).isEqualTo(2);
        assertThat(wrong.err()).contains("did you mean 'splice'?");
    }

    @Test
    void aRequirementThatIsMetIsSilent() {
        Ran ran = here("probe", "--require", "statx,memfd_create");
        assertThat(ran.status()).isZero();
        assertThat(ran.err()).isEmpty();
        assertThat(ran.out()).contains("yes     statx").contains("yes     memfd_create");
    }

    @Test
    void aRequirementThatIsNotMetIsNamedWithItsReason() throws IOException {
        Path deny = CProgram.build("deny", dir, "seccomp");
        for (String errno : List.of("1", "38")) {
            List<String> words = new ArrayList<>(List.of(deny.toString(), errno, "splice"));
            words.addAll(fid("probe", "--require", "tee,splice"));
            Ran ran = run(words);
            String name = errno.equals("1") ? "EPERM" : "ENOSYS";
            assertThat(ran.status()).isEqualTo(7);
            assertThat(ran.err())
                    .isEqualTo("fid: probe: missing: splice (" + name + ", called with descriptor -1: " + name + ")\n");
            assertThat(ran.out()).contains("yes     tee").contains("no      splice");
        }
    }

    @Test
    void aRequirementOfAFileSystemIsThatOfThePath() {
        Ran ran = here("probe", "--path", "/dev/shm", "--require", "reflink");
        assertThat(ran.status()).isEqualTo(7);
        assertThat(ran.err()).startsWith("fid: probe: missing: reflink (tmpfs /dev/shm, ioctl FICLONE: EOPNOTSUPP)");
    }

    @Test
    void anUnknownRequirementIsAMistake() {
        Ran ran = here("probe", "--require", "reflnk");
        assertThat(ran.status()).isEqualTo(2);
        assertThat(ran.err()).startsWith("fid: probe: --require: 'reflnk' is not known; did you mean 'reflink'?\n");
        assertThat(here("probe", "--path", path("none")).status()).isEqualTo(3);
        assertThat(here("probe", "--pid", "1", "--require", "splice").status()).isEqualTo(2);
    }

    // ---- sandboxes ----

    @ParameterizedTest
    @CsvSource({"1, EPERM", "38, ENOSYS"})
    void withSpliceForbiddenItSaysSoAndGoesOn(String errno, String name) throws IOException {
        Path deny = CProgram.build("deny", dir, "seccomp");
        List<String> words = new ArrayList<>(List.of(deny.toString(), errno, "splice,tee,vmsplice,io_uring_setup"));
        words.addAll(fid("probe", "--path", "."));
        Ran ran = whole(run(words));
        assertThat(cell(ran.out(), "pip", "tcp")).isEqualTo("---*");
        assertThat(cell(ran.out(), "f1", "tcp")).isEqualTo("-f-");
        assertThat(cell(ran.out(), "f1", "f1")).isEqualTo("-fc");
        assertThat(ran.out())
                .contains("no      splice                  " + name)
                .contains("no      vmsplice                " + name)
                .contains("no      uring                   " + name)
                .contains("limited seccomp                 a filter is on")
                .contains("memory: by vmsplice refused (" + name + ")");
    }

    @Test
    void onAReadOnlyRootFilesAreUnknown() throws IOException {
        require(true, "bwrap");
        Ran ran = whole(inside(List.of("bwrap", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc")));
        assertThat(cell(ran.out(), "pip", "f1")).isEqualTo("???");
        assertThat(cell(ran.out(), "pip", "tcp")).isEqualTo("s--");
        assertThat(ran.out()).contains("EROFS, Read-only file system");
    }

    private Ran inside(List<String> walls) throws IOException {
        List<String> words = new ArrayList<>(walls);
        words.addAll(fid("probe"));
        return run(words);
    }

    @Test
    void withoutDevicesAndSysThoseAreUnknown() throws IOException {
        require(true, "bwrap");
        Ran ran = whole(
                inside(List.of("bwrap", "--bind", "/", "/", "--tmpfs", "/dev", "--tmpfs", "/sys", "--proc", "/proc")));
        assertThat(cell(ran.out(), "nul", "pip")).isEqualTo("???");
        assertThat(ran.out()).contains("unknown transparent_hugepage").contains("ENOENT");
    }

    @Test
    void withoutProcLimitsAreUnknown() throws IOException {
        require(true, "bwrap");
        // Java finds its own libraries by /proc/self/exe, so it is told.
        String lib = Path.of(System.getProperty("java.home"), "lib").toString();
        Ran ran = whole(inside(List.of(
                "bwrap",
                "--bind",
                "/",
                "/",
                "--dev",
                "/dev",
                "--tmpfs",
                "/proc",
                "--setenv",
                "LD_LIBRARY_PATH",
                lib + ":" + lib + "/server")));
        assertThat(ran.out())
                .contains("unknown pipe-max-size")
                .contains("unknown pipes-in-use")
                .contains("unknown CAP_NET_RAW")
                .contains("unknown seccomp");
        assertThat(cell(ran.out(), "pip", "tcp")).isEqualTo("s--");
    }

    @Test
    void withLoopbackDownTheNetworkIsUnknown() throws IOException {
        require(true, "unshare");
        Ran ran = whole(inside(List.of("unshare", "-n")));
        assertThat(cell(ran.out(), "tcp", "pip")).isEqualTo("???");
        assertThat(cell(ran.out(), "pip", "udp")).isEqualTo("???");
        assertThat(cell(ran.out(), "uxs", "pip")).startsWith("sf-");
        assertThat(ran.out().replaceAll("\\s+", " ")).contains("the loopback interface is down");
    }

    @Test
    void onAFullDiskFilesAreUnknown() throws IOException {
        require(true, "unshare");
        Files.createDirectory(dir.resolve("full"));
        String line =
                "mount -t tmpfs -o size=64k fid-full full && { head -c 1M /dev/zero > full/x; cd full; exec fid probe;"
                        + " } 2> full.err";
        Ran ran = run(List.of("unshare", "-m", "sh", "-c", line));
        assertThat(ran.status()).isZero();
        assertThat(Files.readString(dir.resolve("full.err"))).doesNotContain("fid:");
        assertThat(cell(ran.out(), "f1", "pip")).isEqualTo("???");
        assertThat(cell(ran.out(), "pip", "f1")).isEqualTo("?--");
        assertThat(ran.out()).contains("ENOSPC").contains("unknown reflink                 tmpfs");
    }

    @ParameterizedTest
    @ValueSource(ints = {14, 20})
    void withFewDescriptorsItAnswersWhatItCan(int descriptors) throws IOException {
        Ran ran = whole(inside(List.of("sh", "-c", "ulimit -n " + descriptors + "; exec \"$@\"", "few")));
        assertThat(cell(ran.out(), "pip", "pip")).startsWith("s");
        assertThat(ran.out()).contains("limited nofile                  " + descriptors);
        if (descriptors == 14) {
            assertThat(ran.out()).contains("EMFILE").doesNotContain("no      splice");
        }
    }

    @Test
    void anotherUserHasNoRawSocketsAndLimitedPipes() throws IOException {
        require(true, "setpriv");
        Path classes = Files.createDirectory(dir.resolve("classes"));
        List<String> words = new ArrayList<>(
                List.of("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--bounding-set=-all"));
        // Copies, since the build may lie where nobody may look.
        for (String word : fid("probe", "--path", "/tmp")) {
            words.add(word.equals(classPath()) ? classes + "/*:" + directories(classes) : word);
        }
        Ran chmod = sh("chmod -R a+rX .");
        assertThat(chmod.status()).as(chmod.err()).isZero();
        Ran ran = whole(run(words));
        assertThat(cell(ran.out(), "raw", "pip")).isEqualTo("???");
        assertThat(ran.out().replaceAll("\\s+", " "))
                .contains("socket: EPERM, Operation not permitted; needs CAP_NET_RAW")
                .contains("no CAP_NET_RAW");
    }

    private static String directories(Path classes) throws IOException {
        List<String> directories = new ArrayList<>();
        for (String entry : classPath().split(":", -1)) {
            Process copy = new ProcessBuilder(
                            "cp",
                            "-rL",
                            entry,
                            classes + (entry.endsWith(".jar") ? "/" : "/classes" + directories.size()))
                    .inheritIO()
                    .start();
            assertThat(waitFor(copy)).isZero();
            if (!entry.endsWith(".jar")) {
                directories.add(classes + "/classes" + directories.size());
            }
        }
        return String.join(":", directories);
    }

    // ---- --pid ----

    private Process mover(String way) throws IOException {
        Path program = CProgram.build("mover", dir);
        Process mover = new ProcessBuilder(program.toString(), way)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        assertThat(new String(mover.getInputStream().readNBytes(7), java.nio.charset.StandardCharsets.US_ASCII))
                .isEqualTo("moving\n");
        return mover;
    }

    /// Ends it by the end of its input: it was not harmed meanwhile.
    private static void end(Process mover) throws IOException {
        assertThat(mover.isAlive()).isTrue();
        mover.getOutputStream().close();
        assertThat(waitFor(mover)).isZero();
        mover.getInputStream().close();
        mover.getErrorStream().close();
    }

    @ParameterizedTest
    @CsvSource({
        "splice, tcp socket to pipe, splice",
        "copy, tcp socket to memory, read",
        "sendfile, memfd to tcp socket, sendfile"
    })
    void aProcessIsSeenMovingItsBytes(String way, String kinds, String call) throws IOException {
        require(true, "strace");
        Process mover = mover(way);
        Ran ran = run(fid("probe", "--pid", Long.toString(mover.pid()), "--time", "300ms", "--by", "strace"));
        String status = Files.readString(Path.of("/proc/" + mover.pid() + "/status"));
        end(mover);
        assertThat(ran.err()).startsWith("fid: probe: strace stops process ").hasLineCount(1);
        assertThat(ran.status()).isZero();
        assertThat(ran.out()).contains("process " + mover.pid() + " (mover), watched for 0.30 s by strace");
        assertThat(ran.out().lines()).anyMatch(line -> line.startsWith(call + " ") && line.endsWith(kinds));
        String verdict = ran.out().replaceAll("\\s+", " ");
        switch (way) {
            case "sendfile" -> assertThat(verdict).contains("% of the bytes went by sendfile (memfd to tcp socket)");
            case "splice" -> assertThat(verdict).contains("% of the bytes went by splice (tcp socket to pipe, pipe to");
            default -> assertThat(verdict).contains("100 % was copied through the process");
        }
        assertThat(status).contains("TracerPid:\t0\n");
    }

    @Test
    void tracepointsSeeTheSame() throws IOException {
        require(true, "perf", "unshare");
        Process mover = mover("splice");
        // In a mount namespace of its own: the machine's tracefs stays as it is.
        List<String> words = new ArrayList<>(List.of(
                "unshare",
                "-m",
                "sh",
                "-c",
                "mountpoint -q /sys/kernel/tracing || mount -t tracefs none /sys/kernel/tracing || exit 99; exec"
                        + " \"$@\"",
                "trace"));
        words.addAll(fid("probe", "--pid", Long.toString(mover.pid()), "--time", "300ms", "--by", "perf", "--json"));
        Ran ran = run(words);
        end(mover);
        check(ran.status() != 99, "needs tracefs in the kernel");
        assertThat(ran.err()).isEmpty();
        assertThat(ran.status()).isZero();
        assertThat(ran.out())
                .startsWith("{\"schema\":\"fid.probe.pid/1\",\"pid\":" + mover.pid())
                .contains("{\"call\":\"splice\",\"in\":\"tcp socket\",\"out\":\"pipe\",")
                .contains("{\"call\":\"splice\",\"in\":\"pipe\",\"out\":\"tcp socket\",");
    }

    @Test
    void procShowsAtLeastWhatAProcessWaitsIn() throws IOException {
        require(true);
        Process cat = new ProcessBuilder("cat").start();
        Ran ran = run(fid("probe", "--pid", Long.toString(cat.pid()), "--time", "200ms", "--by", "proc"));
        end(cat);
        assertThat(ran.status()).isZero();
        assertThat(ran.out())
                .contains("pipe to memory")
                .contains("100 % in read")
                .contains("neither");
    }

    @Test
    void aProcessThatEndsMeanwhileIsSaidToHaveEnded() throws IOException {
        require(true, "strace");
        Process mover = mover("copy");
        Process probe = start(fid("probe", "--pid", Long.toString(mover.pid()), "--time", "60s", "--by", "strace"));
        awaitError("strace stops process");
        await("traced", () -> {
            try {
                return !Files.readString(Path.of("/proc/" + mover.pid() + "/status"))
                        .contains("TracerPid:\t0\n");
            } catch (IOException e) {
                return true;
            }
        });
        end(mover);
        Ran ran = finish(probe);
        assertThat(ran.status()).isZero();
        assertThat(ran.out()).contains("note: the process ended meanwhile");
    }

    @Test
    void aWatchThatIsKilledLetsTheProcessGo() throws IOException {
        require(true, "strace");
        Process mover = mover("copy");
        Process probe = start(fid("probe", "--pid", Long.toString(mover.pid()), "--time", "60s", "--by", "strace"));
        Path status = Path.of("/proc/" + mover.pid() + "/status");
        await("traced", () -> !tracer(status).equals("0"));
        signal("TERM", probe);
        finish(probe);
        await("let go", () -> tracer(status).equals("0"));
        end(mover);
    }

    private static String tracer(Path status) {
        try {
            return Files.readString(status).replaceAll("(?s).*TracerPid:\t(\\d+).*", "$1");
        } catch (IOException e) {
            return "gone";
        }
    }

    @Test
    void aProcessThatIsNotThereOrNotOursIsSaidToBeSo() throws IOException {
        Ran none = here("probe", "--pid", "4194304");
        assertThat(none.status()).isEqualTo(3);
        assertThat(none.err()).isEqualTo("fid: probe: there is no process 4194304\n");
        Ran self = here("probe", "--pid", Long.toString(ProcessHandle.current().pid()));
        assertThat(self.status()).isEqualTo(2);
        assertThat(here("probe", "--pid", "1", "--by", "strce").err()).contains("did you mean 'strace'?");
    }
}
