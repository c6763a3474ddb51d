package dev.fid.tests.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// `fid tee` beside tee(1): TC-001 to TC-011, and coreutils' tests/tee.
class TeeTest extends Sandbox {
    // ---- every byte to every output ----

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 12, 13, 120})
    void everyFileAndStdoutGetEveryByte(int count) throws IOException {
        byte[] bytes = file("sample", 300_001);
        StringBuilder names = new StringBuilder();
        for (int i = 0; i < count; i++) {
            names.append(" f").append(i);
        }
        Ran ran = sh("fid tee" + names + " < sample");
        assertThat(ran.err()).isEmpty();
        assertThat(ran.status()).isZero();
        assertThat(ran.data()).isEqualTo(bytes);
        for (int i = 0; i < count; i++) {
            assertThat(content("f" + i)).isEqualTo(bytes);
        }
    }

    @Test
    void dashIsStdoutOnceAndAFileOfThatNameIsWrittenWithItsScheme() throws IOException {
        byte[] bytes = file("sample", 100);
        assertThat(sh("fid tee - < sample").data()).isEqualTo(bytes);
        assertThat(names()).containsExactly("sample");
        assertThat(sh("fid tee file:- < sample").data()).isEqualTo(bytes);
        assertThat(content("-")).isEqualTo(bytes);
        assertThat(sh("fid tee -- -x < sample").data()).isEqualTo(bytes);
        assertThat(content("-x")).isEqualTo(bytes);
    }

    @Test
    void withoutInputAllOutputsAreEmpty() throws IOException {
        file("a", 100);
        Ran ran = sh("fid tee a b < /dev/null");
        assertThat(ran.status()).isZero();
        assertThat(ran.data()).isEmpty();
        assertThat(content("a")).isEmpty();
        assertThat(content("b")).isEmpty();
    }

    @Test
    void aFileIsWrittenInPlaceWithItsModeAndANewOneObeysTheUmask() throws IOException {
        byte[] bytes = file("sample", 1000);
        file("old", 5000);
        Files.setPosixFilePermissions(dir.resolve("old"), PosixFilePermissions.fromString("rwx------"));
        Files.createLink(dir.resolve("hard"), dir.resolve("old"));
        assertThat(sh("umask 027; fid tee old new < sample >/dev/null").status())
                .isZero();
        assertThat(content("hard")).isEqualTo(bytes);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(dir.resolve("old"))))
                .isEqualTo("rwx------");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(dir.resolve("new"))))
                .isEqualTo("rw-r-----");
    }

    @Test
    void appendWritesBehindTheEndOfFiles() throws IOException {
        Files.writeString(dir.resolve("a"), "old ");
        Files.writeString(dir.resolve("b"), "old ");
        Files.writeString(dir.resolve("c"), "old ");
        assertThat(sh("echo one | fid tee -a a b | cat").out()).isEqualTo("one\n");
        assertThat(sh("echo two | fid tee a 'c?append' | cat").out()).isEqualTo("two\n");
        assertThat(content("a")).asString().isEqualTo("two\n");
        assertThat(content("b")).asString().isEqualTo("old one\n");
        assertThat(content("c")).asString().isEqualTo("old two\n");
    }

    @Test
    void fifosASocketAndAChildGetEveryByteByTee() throws Exception {
        byte[] bytes = file("sample", 2_000_000);
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            CompletableFuture<byte[]> peer = CompletableFuture.supplyAsync(() -> received(server));
            Ran ran = sh("mkfifo f g; cat f > from-f & cat g > from-g & cat sample | fid tee -v f g exec:'dd of=child"
                    + " status=none' tcp://localhost:" + server.getLocalPort() + " plain | cat > out; wait");
            assertThat(ran.err()).contains("by tee; ").contains("to 6 outputs");
            assertThat(peer.get(30, TimeUnit.SECONDS)).isEqualTo(bytes);
        }
        for (String name : List.of("from-f", "from-g", "child", "plain", "out")) {
            assertThat(content(name)).as(name).isEqualTo(bytes);
        }
    }

    private static byte[] received(ServerSocket server) {
        try (Socket socket = server.accept()) {
            return socket.getInputStream().readAllBytes();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @Test
    void aNamedPipeIsClonedAndConsumedOnce() throws IOException {
        byte[] bytes = file("sample", 500_000);
        Ran ran = sh("mkfifo f; cat sample > f & fid tee --from f --no-stdout --json a b; wait");
        assertThat(ran.status()).isZero();
        assertThat(ran.out())
                .startsWith("{\"schema\":\"fid.tee/1\",\"src\":\"f\",\"bytes\":500000,")
                .contains("\"outputs\":[{\"dst\":\"a\",\"bytes\":500000,\"dropped\":0,\"error\":null},{\"dst\":\"b\"");
        assertThat(content("a")).isEqualTo(bytes);
        assertThat(content("b")).isEqualTo(bytes);
    }

    @Test
    void aLengthLeavesTheRestOfStdinToTheNext() throws IOException {
        assertThat(sh("printf 'hello, world' | { fid tee --length 5 a | cat; cat > rest; }")
                        .out())
                .isEqualTo("hello");
        assertThat(content("a")).asString().isEqualTo("hello");
        assertThat(content("rest")).asString().isEqualTo(", world");
    }

    @Test
    void aLineReachesAllOutputsBeforeTheNextIsTyped() throws IOException {
        sh("mkfifo in");
        Process tee = start(fid("tee", "--from", "in", "--no-stdout", "a", "exec:dd bs=1 of=b status=none"));
        try (var in = Files.newOutputStream(dir.resolve("in"))) {
            for (String line : List.of("one\n", "two\n")) {
                in.write(line.getBytes(java.nio.charset.StandardCharsets.UTF_8));
                await("'" + line + "' in both", () -> endsWith("a", line) && endsWith("b", line));
            }
        }
        assertThat(finish(tee).status()).isZero();
    }

    private boolean tellsOf(Process process, String text) {
        try {
            signal("USR1", process); // it tells what it knew a tick ago
            return errorsSoFar().contains(text);
        } catch (IOException e) {
            return false;
        }
    }

    private boolean endsWith(String name, String text) {
        try {
            return Files.readString(dir.resolve(name)).endsWith(text);
        } catch (IOException e) {
            return false; // not there yet
        }
    }

    // ---- refusals ----

    @Test
    void theSourceIsNoOutputAndNothingIsTouched() throws IOException {
        byte[] bytes = file("a", 1000);
        byte[] other = file("other", 10);
        Files.createSymbolicLink(dir.resolve("soft"), Path.of("a"));
        for (String line : List.of(
                "fid tee a < a",
                "fid tee other soft < a",
                "fid tee -a a < a",
                "fid tee other < a >> a",
                "fid tee --from a --no-stdout other soft")) {
            Ran ran = sh(line);
            assertThat(ran.err()).as(line).matches("fid: tee: (a|soft|stdout): it is the source itself\n");
            assertThat(ran.status()).as(line).isEqualTo(3);
            assertThat(content("a")).isEqualTo(bytes);
            assertThat(content("other")).isEqualTo(other);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "fid tee --no-stdout|--no-stdout: there is no other output",
                "fid tee --no-stdout -|--no-stdout: - is stdout (a file of that name is file:-)",
                "fid tee --patience 1s a|--patience: it goes with --on-slow drop or fail",
                "fid tee --output-error=foo a|'foo' is not a mode (use warn, warn-nopipe, exit, exit-nopipe)",
                "fid tee 'a?offset=3'|a?offset=3: a DST has no options here but append",
            })
    void wrongUsageIsExit2AndNothingIsOpened(String line, String said) throws IOException {
        Ran ran = sh(line + " < /dev/null");
        assertThat(ran.err()).contains(said);
        assertThat(ran.status()).isEqualTo(2);
        assertThat(names()).isEmpty();
    }

    @Test
    void aMissingOrClosedSourceIsExit3() throws IOException {
        file("a", 10);
        Ran missing = sh("fid tee --from nothing a");
        assertThat(missing.err()).startsWith("fid: tee: nothing: No such file or directory\n");
        assertThat(missing.status()).isEqualTo(3);
        Ran closed = sh("fid tee a <&-");
        assertThat(closed.err()).isEqualTo("fid: tee: stdin: it is closed\n");
        assertThat(closed.status()).isEqualTo(3);
        assertThat(content("a")).hasSize(10);
    }

    @Test
    void aDirectoryAsInputIsAReadErrorAndTheOutputsAreThere() throws IOException {
        Ran ran = sh("fid tee a < .");
        assertThat(ran.err()).isEqualTo("fid: tee: stdin: Is a directory\n");
        assertThat(ran.status()).isEqualTo(1);
        assertThat(content("a")).isEmpty();
    }

    // ---- outputs that fail ----

    @Test
    void whatCannotBeOpenedIsNamedAndTheRestGoesOn() throws IOException {
        byte[] bytes = file("sample", 100_000);
        Ran ran = sh("fid tee no/file . new/ tcp://localhost:1 a < sample");
        assertThat(ran.err().lines())
                .hasSize(4)
                .anyMatch(line -> line.equals("fid: tee: no/file: No such file or directory"))
                .anyMatch(line -> line.equals("fid: tee: .: Is a directory"))
                .anyMatch(line -> line.equals("fid: tee: new/: Is a directory"))
                .anyMatch(line -> line.startsWith("fid: tee: tcp://localhost:1: Connection refused"));
        assertThat(ran.status()).isEqualTo(1);
        assertThat(ran.data()).isEqualTo(bytes);
        assertThat(content("a")).isEqualTo(bytes);
    }

    @Test
    void aReadOnlyFileIsNamed() throws IOException {
        require(true, "chattr");
        byte[] old = file("ro", 10);
        Ran ran = sh("chattr +i ro 2>/dev/null; fid tee -p ro < /dev/null; s=$?; chattr -i ro 2>/dev/null; exit $s");
        check(ran.status() != 0, "needs immutable files in the temporary folder");
        assertThat(ran.err()).isEqualTo("fid: tee: ro: Operation not permitted\n");
        assertThat(ran.status()).isEqualTo(1);
        assertThat(content("ro")).isEqualTo(old);
    }

    @Test
    void fullOutputsAreNamedOnceAndWithoutAnyOtherItEnds() throws IOException {
        Ran both = sh("yes | timeout 60 fid tee /dev/full 2>err >/dev/full; echo $?; cat err");
        assertThat(both.out().lines())
                .startsWith("1")
                .hasSize(3)
                .anyMatch(line -> line.startsWith("fid: tee: stdout: No space left on device"))
                .anyMatch(line -> line.startsWith("fid: tee: /dev/full: No space left on device"));
        byte[] bytes = file("sample", 400_000);
        Ran one = sh("fid tee /dev/full a < sample");
        assertThat(one.err()).isEqualTo("fid: tee: /dev/full: No space left on device\n");
        assertThat(one.status()).isEqualTo(1);
        assertThat(one.data()).isEqualTo(bytes);
        assertThat(content("a")).isEqualTo(bytes);
        Ran stdout = sh("cat sample | fid tee a b 2>err >/dev/full; echo $?; cat err");
        assertThat(stdout.out()).isEqualTo("1\nfid: tee: stdout: No space left on device\n");
        assertThat(content("b")).isEqualTo(bytes);
    }

    @Test
    void aClosedStdoutIsNamedAndTheRestGoesOn() throws IOException {
        byte[] bytes = file("sample", 10_000);
        Ran ran = sh("fid tee a < sample >&-");
        assertThat(ran.err()).isEqualTo("fid: tee: stdout: it is closed\n");
        assertThat(ran.status()).isEqualTo(1);
        assertThat(content("a")).isEqualTo(bytes);
    }

    /// The reader takes one block and leaves. Source: coreutils, tests/tee/tee.sh.
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "e/noent|141|1",
                "-p|0|0",
                "--output-error|0|0",
                "--output-error=warn|1|1",
                "--output-error=exit /dev/null|1|1",
                "--output-error=exit e/noent|1|1",
                "--output-error=exit-nopipe|0|0",
                "--output-error=exit-nopipe e/noent|1|1",
                "--output-error=warn-nopipe e/noent|1|1",
                "--output-error e/noent|1|1",
                "-p --output-error=warn|1|1",
                "--output-error=warn -p|0|0",
            })
    void aBrokenPipeDoesWhatTheModeSays(String arguments, int status, int lines) throws IOException {
        Ran ran = sh("mkfifo f; dd count=1 if=f of=/dev/null status=none & yes | { timeout 60 fid tee " + arguments
                + " >f; echo $? >status; }; wait");
        assertThat(content("status")).asString().isEqualTo(status + "\n");
        assertThat(ran.err().lines()).hasSize(lines);
    }

    @Test
    void withPTheFilesGoOnWhenThePipeIsGone() throws IOException {
        byte[] bytes = file("sample", 5_000_000);
        Ran ran = sh("cat sample | { fid tee -p a; echo $? >status; } | head -c 1");
        assertThat(ran.err()).isEmpty();
        assertThat(content("status")).asString().isEqualTo("0\n");
        assertThat(content("a")).isEqualTo(bytes);
    }

    @ParameterizedTest
    @ValueSource(strings = {"-p", "--output-error=exit-nopipe"})
    void aPipeWhoseReaderLeavesWhileTheInputIsIdleIsNoticed(String mode) throws IOException {
        // The FIFO's writer is this shell, which writes nothing and ends only when tee has.
        Ran ran = sh("mkfifo in; exec 5<>in; { timeout 60 fid tee " + mode + " <in; echo $? >status; } | :;"
                + " cat status");
        assertThat(ran.out()).isEqualTo("0\n");
        assertThat(ran.err()).isEmpty();
    }

    @Test
    void ofSixteenFifosOneIsClosedAndTheOthersAreComplete() throws IOException {
        byte[] bytes = file("sample", 3_000_000);
        StringBuilder line = new StringBuilder("head -c 1000 f0 >/dev/null &");
        StringBuilder names = new StringBuilder("f0");
        for (int i = 1; i < 16; i++) {
            line.append(" cat f").append(i).append(" >o").append(i).append(" &");
            names.append(" f").append(i);
        }
        Ran ran = sh("mkfifo " + names + "; " + line + " cat sample | fid tee --output-error=warn --no-stdout " + names
                + "; s=$?; wait; exit $s");
        assertThat(ran.err()).matches("fid: tee: f0: Broken pipe after .*\n");
        assertThat(ran.status()).isEqualTo(1);
        for (int i = 1; i < 16; i++) {
            assertThat(content("o" + i)).as("o" + i).isEqualTo(bytes);
        }
    }

    @Test
    void aResetPeerIsNamedAndTheOthersAreComplete() throws Exception {
        byte[] bytes = file("sample", 8_000_000);
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            CompletableFuture<Void> peer = CompletableFuture.runAsync(() -> {
                try (Socket socket = server.accept()) {
                    socket.setSoLinger(true, 0);
                    socket.getInputStream().readNBytes(1000);
                } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
            });
            Ran ran = sh("cat sample | fid tee tcp://localhost:" + server.getLocalPort() + " a");
            peer.get(30, TimeUnit.SECONDS);
            assertThat(ran.err()).matches("fid: tee: tcp://\\S+: (Connection reset by peer|Broken pipe).*\n");
            assertThat(ran.status()).isEqualTo(1);
            assertThat(ran.data()).isEqualTo(bytes);
        }
        assertThat(content("a")).isEqualTo(bytes);
    }

    @Test
    void aChildThatFailsIsExit9AndTheRestIsComplete() throws IOException {
        byte[] bytes = file("sample", 3_000_000);
        Ran ran = sh("fid tee -p exec:'sh -c \"head -c 9 >/dev/null; exit 3\"' a < sample");
        assertThat(ran.err()).contains("the child ended with status 3").hasLineCount(1);
        assertThat(ran.status()).isEqualTo(9);
        assertThat(ran.data()).isEqualTo(bytes);
        assertThat(content("a")).isEqualTo(bytes);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "-p", "--output-error=warn", "--output-error=exit", "--output-error=exit-nopipe"})
    void aChildThatFailsAtOnceIsExit9InEveryMode(String mode) throws IOException {
        file("sample", 3_000_000);
        Ran ran = sh("fid tee " + mode + " exec:false < sample >/dev/null");
        assertThat(ran.err()).isEqualTo("fid: tee: exec:false: the child ended with status 1\n");
        assertThat(ran.status()).isEqualTo(9);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        ''                    | 141 | ''
        -p                    | 0   | ''
        --output-error=warn   | 1   | 'fid: tee: exec:true: Broken pipe'
        """)
    void aChildThatHasReadEnoughIsAPipeThatNobodyReads(String mode, int status, String said) throws IOException {
        file("sample", 3_000_000);
        Ran ran = sh("fid tee " + mode + " exec:true < sample >/dev/null");
        assertThat(ran.status()).isEqualTo(status);
        assertThat(ran.err().lines().map(line -> line.replaceFirst(" after .*", "")))
                .containsExactlyElementsOf(said.isEmpty() ? List.of() : List.of(said));
    }

    @Test
    void anOutputThatWasStoppedDidNotFailToKeepUp() throws IOException {
        Ran ran = sh("(head -c 3000000 /dev/zero; sleep 5) | fid tee --output-error=exit /dev/full | (sleep 1; wc -c)");
        assertThat(ran.err()).doesNotContain("keep up").startsWith("fid: tee: /dev/full: No space left on device");
    }

    @Test
    void aFileSystemThatFillsUpStopsOneOutput() throws IOException {
        require(true, "mount", "umount");
        byte[] bytes = file("sample", 3_000_000);
        Files.createDirectory(dir.resolve("small"));
        Ran mounted = sh("mount -t tmpfs -o size=1m tmpfs small");
        check(mounted.status() == 0, "needs mounts of tmpfs: " + mounted.err());
        try {
            Ran ran = sh("cat sample | fid tee small/a b | cat");
            assertThat(ran.err()).isEqualTo("fid: tee: small/a: No space left on device after 1.00 MiB\n");
            assertThat(ran.data()).isEqualTo(bytes);
            assertThat(content("b")).isEqualTo(bytes);
            assertThat(content("small/a")).isEqualTo(java.util.Arrays.copyOf(bytes, 1 << 20));
        } finally {
            sh("umount small");
        }
    }

    // ---- slow outputs ----

    @Test
    void blockWaitsForTheSlowOne() throws IOException {
        byte[] bytes = file("sample", 400_000);
        Ran ran = sh("mkfifo f g; while dd bs=4k count=1 status=none <&6 | grep -q ''; do :; done 6<f & cat g >o &"
                + " cat sample | fid tee --progress=json --interval 10ms f g >out; s=$?; wait; exit $s");
        assertThat(ran.status()).isZero();
        assertThat(content("o")).isEqualTo(bytes);
        assertThat(content("out")).isEqualTo(bytes);
    }

    @ParameterizedTest
    @CsvSource({"drop,9,it could not keep up and lost", "fail,1,the output could not keep up after"})
    void aDeadConsumerDoesNotHoldTheOthers(String policy, int status, String said) throws IOException {
        byte[] bytes = file("sample", 6_000_000);
        // Descriptor 5 keeps the FIFO open, and nobody reads it.
        Ran ran = sh("mkfifo f; exec 5<>f; cat sample | fid tee --on-slow " + policy + " --patience 50ms f a >out");
        assertThat(ran.err()).contains("fid: tee: f: ").contains(said).hasLineCount(1);
        assertThat(ran.status()).isEqualTo(status);
        assertThat(content("out")).isEqualTo(bytes);
        assertThat(content("a")).isEqualTo(bytes);
    }

    @Test
    void anOutputThatLostRoundsGotWholeOnesAndTheCountIsRight() throws IOException {
        byte[] bytes = file("sample", 6_000_000);
        Ran ran = sh("mkfifo f; exec 5<>f; cat sample"
                + " | fid tee --json --on-slow drop --patience 20ms --no-stdout f a >json; cat <&5 >got & c=$!;"
                + " until test -s got; do :; done; kill $c");
        String json = content("json").length == 0 ? "" : Files.readString(dir.resolve("json"));
        assertThat(json).contains("\"bytes\":6000000,");
        assertThat(ran.err()).startsWith("fid: tee: f: it could not keep up and lost ");
        java.util.regex.Matcher counts = java.util.regex.Pattern.compile(
                        "\"dst\":\"f\",\"bytes\":(\\d+),\"dropped\":(\\d+)")
                .matcher(json);
        assertThat(counts.find()).isTrue();
        assertThat(Long.parseLong(counts.group(1)) + Long.parseLong(counts.group(2)))
                .isEqualTo(6_000_000);
        byte[] got = content("got");
        assertThat(got).isEqualTo(java.util.Arrays.copyOf(bytes, got.length));
    }

    // ---- signals and time ----

    @ParameterizedTest
    @CsvSource({"INT,130", "TERM,143", "HUP,129"})
    void aSignalEndsIt(String name, int status) throws IOException {
        sh("mkfifo in");
        Process process = start(List.of("sh", "-c", "exec 5<>in; echo hello >&5; exec fid tee a <in"));
        await("the first line", () -> endsWith("a", "hello\n"));
        signal(name, process);
        Ran ran = finish(process);
        assertThat(ran.err()).startsWith("fid: tee: stopped by SIG" + name);
        assertThat(ran.status()).isEqualTo(status);
        assertThat(content("a")).asString().isEqualTo("hello\n");
    }

    @Test
    void withIAnInterruptIsIgnored() throws IOException {
        sh("mkfifo in");
        Process process = start(fid("tee", "-i", "--from", "in", "a"));
        try (var in = Files.newOutputStream(dir.resolve("in"))) {
            in.write("one\n".getBytes(java.nio.charset.StandardCharsets.UTF_8));
            await("the first line", () -> endsWith("a", "one\n"));
            signal("INT", process);
            await("4 B on stderr", () -> tellsOf(process, "4 B"));
            in.write("two\n".getBytes(java.nio.charset.StandardCharsets.UTF_8));
        }
        Ran ran = finish(process);
        assertThat(ran.status()).isZero();
        assertThat(content("a")).asString().isEqualTo("one\ntwo\n");
    }

    @Test
    void aFifoWithoutAReaderIsWaitedForUntilTheTimeIsUp() throws IOException {
        Ran ran = sh("mkfifo f; echo x | fid tee --timeout 300ms f");
        assertThat(ran.err()).startsWith("fid: tee: timed out (0.30 s) before the first byte");
        assertThat(ran.status()).isEqualTo(8);
    }

    @Test
    void killedItLeavesEachOutputABeginningOfTheInput() throws IOException {
        byte[] bytes = file("sample", 20_000_000);
        long seed = Long.getLong("fid.seed", System.nanoTime());
        Random random = new Random(seed);
        for (int i = 0; i < 3; i++) {
            int mark = random.nextInt(1, 1_000_000);
            Process process = start(fid("tee", "--from", "sample", "--limit", "4M", "--no-stdout", "a", "b"));
            await(mark + " bytes", () -> dir.resolve("a").toFile().length() >= mark);
            process.destroyForcibly();
            waitFor(process);
            process.getInputStream().close();
            process.getErrorStream().close();
            process.getOutputStream().close();
            for (String name : List.of("a", "b")) {
                byte[] got = content(name);
                assertThat(got).as("seed %s, %s", seed, mark).isEqualTo(java.util.Arrays.copyOf(bytes, got.length));
            }
            Files.delete(dir.resolve("a"));
            Files.delete(dir.resolve("b"));
        }
    }

    // ---- how ----

    @Test
    void aRefusedPipeIsSaidAndTheBytesAreCopied() throws IOException {
        byte[] bytes = file("sample", 3_000_000);
        boolean fellBack = false;
        for (int limit = 20; limit > 13 && !fellBack; limit--) {
            Ran ran = sh("rm -f f g; mkfifo f g; timeout 20 cat f >from-f & timeout 20 cat g >from-g & ulimit -n "
                    + limit + "; cat sample | fid tee f g a | cat; wait");
            if (ran.err().contains("note: copied by read and write; not tee: pipe2 EMFILE")) {
                fellBack = true;
                assertThat(ran.data()).isEqualTo(bytes);
                assertThat(content("a")).isEqualTo(bytes);
                assertThat(content("from-f")).isEqualTo(bytes);
                assertThat(content("from-g")).isEqualTo(bytes);
            }
        }
        assertThat(fellBack)
                .as("one of the limits leaves descriptors for the outputs alone")
                .isTrue();
    }

    @Test
    void aMethodByNameIsTakenOrSaidNotToBe() throws IOException {
        byte[] bytes = file("sample", 300_000);
        Ran tee = sh("fid tee --method tee --no-stdout --json a b < sample");
        assertThat(tee.out()).contains("\"method\":\"tee\"").contains("\"user_bytes\":0");
        assertThat(content("a")).isEqualTo(bytes);
        assertThat(content("b")).isEqualTo(bytes);
        Ran copied = sh("fid tee --method readwrite --json a < sample | cat");
        assertThat(copied.err()).contains("\"method\":\"readwrite\"");
        Ran never = sh("fid tee --method tee --fallback never a < /proc/version");
        assertThat(never.err()).contains("--method tee: a recorded size of 0 is not trusted");
        assertThat(never.status()).isEqualTo(5);
        Ran said = sh("fid tee --method tee a < /proc/version");
        assertThat(said.err()).startsWith("note: copied by read and write; not tee: ");
        assertThat(said.status()).isZero();
    }

    /// Inputs, outputs and readers at random; all get the same bytes.
    @Test
    void anySetOfOutputsGetsTheSameBytes() throws IOException {
        long seed = Long.getLong("fid.seed", System.nanoTime());
        Random random = new Random(seed);
        int runs = "long".equals(System.getProperty("fid.campaign")) ? 200 : 12;
        for (int run = 0; run < runs; run++) {
            int size = random.nextInt(1 << random.nextInt(8, 23));
            byte[] bytes = file("sample", size);
            List<String> outs = new ArrayList<>();
            List<String> results = new ArrayList<>();
            StringBuilder before = new StringBuilder("rm -f f? o?; ");
            String[] readers = {"cat", "dd bs=1000 status=none", "dd bs=300k iflag=fullblock status=none"};
            int count = random.nextInt(6);
            for (int i = 0; i < count; i++) {
                String reader = readers[random.nextInt(readers.length)];
                switch (random.nextInt(4)) {
                    case 0 -> outs.add("o" + i);
                    case 1 -> {
                        before.append("mkfifo f" + i + "; " + reader + " <f" + i + " >o" + i + " & ");
                        outs.add("f" + i);
                    }
                    case 2 -> outs.add("exec:'dd of=o" + i + " status=none'");
                    default -> outs.add("'o" + i + "?append'");
                }
                results.add("o" + i);
            }
            String in = random.nextBoolean() ? "cat sample | fid tee " : "fid tee <sample ";
            String out = random.nextBoolean() ? " >out" : " | " + readers[random.nextInt(readers.length)] + " >out";
            Ran ran = sh(before + in + String.join(" ", outs) + out + "; wait");
            String what = "seed " + seed + ", run " + run + ": " + in + outs + out + ", " + size + " bytes";
            assertThat(ran.err()).as(what).isEmpty();
            assertThat(content("out")).as(what).isEqualTo(bytes);
            for (String result : results) {
                assertThat(content(result)).as(what + ": " + result).isEqualTo(bytes);
            }
        }
    }
}
