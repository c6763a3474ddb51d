package dev.fid.tests;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fid.tests.conformance.Command;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The suites that start processes, on a machine that has Debian's essential packages and a JDK alone, as a user who is
/// not root: in a mount namespace without all other programs and without headers. There nothing fails, and what is left
/// out
/// says what it needs.
class BareMachineTest {
    /// Each for the tools that it needs; those that need half a minute by themselves are left to a real machine.
    private static final List<String> SUITES = List.of(
            "cli.ProbeCommandTest",
            "cli.CompletionTest",
            "cli.FaultyFilesTest",
            "cli.InjectedTest",
            "cli.RelayRacesTest",
            "behaviour.ProbeTest",
            "behaviour.ChildTest",
            "faults.InjectedTest",
            "faults.RealFaultsTest",
            "faults.LimitedProcessTest",
            "conformance.LimitsTest",
            "conformance.CopyFileRangeTest",
            "relay.ClientsTest",
            "relay.KillTest",
            "relay.NetworkTest",
            "relay.ServiceTest",
            "relay.PeerNamesTest");

    private static final Path CHECKOUT = Path.of("..").toAbsolutePath().normalize();
    private static final int USER = 65534;

    /// $1 has the directories `bin`, `sbin` and `checkout`; $2 is the checkout. The rest is run.
    private static final String WALLS = """
        set -e
        here=$1
        mount --bind "$2" "$here/checkout"
        mount --bind "$here/sbin" /usr/sbin
        for folder in /usr/local/bin /usr/local/sbin /usr/include /usr/share/zsh; do
          if [ -d $folder ]; then mount -t tmpfs -o mode=755 tmpfs $folder; fi
        done
        mount --bind "$here/bin" /usr/bin
        cd "$here/checkout/tests"
        shift 2
        exec setpriv --reuid=USER --regid=USER --clear-groups --bounding-set=-all --inh-caps=-all "$@"
        """.replace("USER", Integer.toString(USER));

    @TempDir
    private Path dir;

    @Test
    void whatNeedsAToolSaysSoAndNothingFails() throws Exception {
        Needs.root();
        Needs.programs("unshare", "setpriv", "dpkg-query");
        Needs.that(Files.isSymbolicLink(Path.of("/bin")), "needs /bin in /usr, as Debian has it");
        Files.setPosixFilePermissions(dir, PosixFilePermissions.fromString("rwxr-xr-x"));
        essentials();
        Path home = Files.createDirectory(dir.resolve("home"));
        Files.setAttribute(home, "unix:uid", USER);
        Files.createDirectory(dir.resolve("checkout"));
        List<String> words = new ArrayList<>(List.of("unshare", "-m", "--propagation", "private", "sh", "-c", WALLS));
        words.addAll(List.of("sh", dir.toString(), CHECKOUT.toString()));
        words.addAll(List.of("env", "-i", "HOME=" + home, "PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8"));
        words.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        words.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Djava.io.tmpdir=" + home));
        words.addAll(List.of("--illegal-native-access=deny", "--enable-native-access=ALL-UNNAMED"));
        words.addAll(List.of("-Dslf4j.internal.verbosity=ERROR", "-cp", classPath(), BareRun.class.getName()));
        SUITES.forEach(suite -> words.add("dev.fid.tests." + suite));
        Path said = dir.resolve("said");
        Path errors = dir.resolve("errors");
        Process process = new ProcessBuilder(words)
                .redirectOutput(said.toFile())
                .redirectError(errors.toFile())
                .start();
        process.getOutputStream().close();
        boolean ended = process.waitFor(600, TimeUnit.SECONDS);
        process.destroyForcibly().waitFor();
        String talk = Files.readString(errors, UTF_8);
        assertThat(ended).as(talk).isTrue();
        List<String> lines = Files.readAllLines(said, UTF_8);
        assertThat(lines).as(talk).noneMatch(line -> line.startsWith("FAILED"));
        assertThat(lines).as(talk).last().matches(line -> line.matches("PASSED\t[1-9][0-9]{2,}"));
        Set<String> needs = new TreeSet<>();
        for (String line : lines) {
            if (line.startsWith("SKIPPED") && !line.contains("the model has no")) {
                assertThat(line).contains(": needs ");
                needs.add(line.replaceAll(".*: needs ([^\t:]*).*", "$1"));
            }
        }
        assertThat(needs).contains("gcc", "root", "shellcheck", "socat", "strace", "zsh");
    }

    /// `bin` and `sbin` of Debian's essential and required packages.
    private void essentials() throws IOException {
        List<String> packages = Command.run("dpkg-query", "-W", "-f", "${Essential} ${Priority} ${Package}\n")
                .lines()
                .filter(line -> line.matches("yes .*|.* required .*"))
                .map(line -> line.substring(line.lastIndexOf(' ') + 1))
                .toList();
        List<Object> list = new ArrayList<>(List.of("dpkg-query", "-L"));
        list.addAll(packages);
        for (String folder : List.of("bin", "sbin")) {
            Files.createDirectory(dir.resolve(folder));
        }
        String files = Command.run(list.toArray());
        for (String file : files.lines().distinct().toList()) {
            keep(Path.of(file));
        }
        keep(Path.of("/usr/bin/awk")); // by /etc/alternatives, whose choice no package has
        keep(Path.of("/usr/bin/java"));
    }

    private void keep(Path file) throws IOException {
        Path parent = file.getParent();
        String folder = parent == null || parent.getFileName() == null
                ? ""
                : parent.getFileName().toString();
        if (!file.toString().matches("(/usr)?/s?bin/[^/]+") || !Files.isRegularFile(file)) {
            return;
        }
        Path copy = dir.resolve(folder).resolve(file.getFileName());
        if (!Files.exists(copy)) {
            Files.copy(file, copy);
            Files.setPosixFilePermissions(copy, PosixFilePermissions.fromString("rwxr-xr-x"));
        }
    }

    /// This test's class path where that user may read it: what is of the checkout there, the rest copied.
    private String classPath() throws IOException {
        List<String> entries = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(":", -1)) {
            Path path = Path.of(entry).toAbsolutePath().normalize();
            if (path.startsWith(CHECKOUT)) {
                entries.add(dir.resolve("checkout")
                        .resolve(CHECKOUT.relativize(path))
                        .toString());
            } else if (Files.isRegularFile(path)) {
                Path folder = Files.createDirectories(dir.resolve("jars").resolve(Integer.toString(entries.size())));
                entries.add(Files.copy(path, folder.resolve(path.getFileName())).toString());
            }
        }
        return String.join(":", entries);
    }
}
