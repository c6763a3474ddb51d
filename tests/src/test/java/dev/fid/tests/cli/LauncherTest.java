package dev.fid.tests.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fid.bench.measure.LauncherFlags;
import dev.fid.tests.conformance.Command;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The script `fid` of the checkout.
class LauncherTest {
    private static final Path LAUNCHER = Path.of("..", "fid");

    @Test
    void theBenchmarkAndTheseTestsStartACopyAsTheLauncherDoes() throws IOException {
        assertThat(Files.readString(LAUNCHER).lines())
                .filteredOn(line -> line.startsWith("jvm="))
                .containsExactly("jvm='" + String.join(" ", LauncherFlags.COPY_JVM) + "'");
    }

    @Test
    void theBenchmarkStartsARelayAsTheLauncherDoes() throws IOException {
        assertThat(Files.readString(LAUNCHER).lines())
                .filteredOn(line -> line.startsWith("' relay '*)"))
                .containsExactly("' relay '*) jvm='" + String.join(" ", LauncherFlags.RELAY_JVM) + "' ;;");
    }

    @Test
    void itStartsWithoutFindAndTakesNoPatternForFiles(@TempDir Path directory) throws IOException {
        Path bin = Files.createDirectory(directory.resolve("bin"));
        Files.createSymbolicLink(bin.resolve("sh"), Path.of("/bin/sh"));
        // -Dx=* names files of this directory where it is taken for a pattern: then the JVM looks for a class a.
        Files.writeString(directory.resolve("-Dx=1"), "");
        Files.writeString(directory.resolve("-Dx=2 a"), "");
        Path in = Files.writeString(directory.resolve("in"), "as it was");
        Path out = directory.resolve("out");
        String said = Command.run(
                "env",
                "-C",
                directory,
                "PATH=" + bin,
                "JAVA_HOME=" + System.getProperty("java.home"),
                "FID_JAVA_OPTS=-Dx=*",
                LAUNCHER.toAbsolutePath(),
                "-q",
                "copy",
                in,
                out);
        assertThat(said).isEmpty();
        assertThat(out).hasSameBinaryContentAs(in);
    }

    /// With `AOTMode=on` a JVM that cannot use them does not start.
    @Test
    void theLauncherFindsTheLoadedClassesOfTheBuild(@TempDir Path directory) throws IOException {
        Path in = Files.writeString(directory.resolve("in"), "as it was");
        Path out = directory.resolve("out");
        Command.run("env", "FID_JAVA_OPTS=-XX:AOTMode=on", LAUNCHER.toAbsolutePath(), "copy", in, out);
        assertThat(out).hasSameBinaryContentAs(in);
        assertThat(Command.run("env", "FID_JAVA_OPTS=-XX:AOTMode=on", LAUNCHER.toAbsolutePath(), "relay", "--help"))
                .startsWith("Usage: fid relay");
    }

    @Test
    void aWorkingDirectoryThatWasRemovedIsNoHindrance(@TempDir Path directory) throws IOException {
        Path in = Files.writeString(directory.resolve("in"), "as it was");
        Path out = directory.resolve("out");
        String line = "mkdir gone; cd gone; rmdir ../gone; fid=" + LAUNCHER.toAbsolutePath() + "; $fid -q copy " + in
                + " " + out
                + " && $fid -q copy - " + out + "2 <" + in + " && ! $fid copy in x && ! $fid copy " + in + " x"
                + " && $fid -q copy ../in ../out3";
        String said = Command.run("sh", "-c", "cd " + directory + "; { " + line + "; } 2>&1");
        assertThat(said).contains("fid: copy: in: No such file or directory").contains("fid: copy: x: ");
        assertThat(out).hasSameBinaryContentAs(in);
        assertThat(directory.resolve("out2")).hasSameBinaryContentAs(in);
        assertThat(directory.toFile().list()).containsExactlyInAnyOrder("in", "out", "out2", "out3");
    }
}
