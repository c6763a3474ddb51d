package dev.fid.tests;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The last lines of `./mvnw verify`, made of reports as Surefire writes them.
class NotCheckedTest {
    @TempDir
    private Path dir;

    @BeforeEach
    void reports() throws IOException {
        Files.createDirectory(dir.resolve("bin"));
        Files.copy(Path.of("..", "bin", "not-checked"), dir.resolve("bin/not-checked"));
        Files.createFile(dir.resolve("before"));
        FileTime earlier = FileTime.from(Instant.now().minus(Duration.ofHours(1)));
        Files.setLastModifiedTime(dir.resolve("before"), earlier);
    }

    private Path report(String module, String name, String... reasons) throws IOException {
        StringBuilder xml = new StringBuilder(
                "<testsuite>\n  <testcase name=\"passes\" classname=\"dev.fid." + name + "\" time=\"0.1\"/>\n");
        for (String reason : reasons) {
            xml.append("  <testcase name=\"one\" classname=\"dev.fid.")
                    .append(name)
                    .append("\" time=\"0.0\">\n");
            xml.append("    <skipped type=\"org.opentest4j.TestAbortedException\"><![CDATA[");
            xml.append("org.opentest4j.TestAbortedException: ").append(reason).append("\n\tat a.b(C.java:1)\n");
            xml.append("]]></skipped>\n  </testcase>\n");
        }
        Path folder = Files.createDirectories(dir.resolve(module).resolve("target/surefire-reports"));
        return Files.writeString(folder.resolve("TEST-dev.fid." + name + ".xml"), xml + "</testsuite>\n");
    }

    private record Ended(int status, String out) {}

    private Ended run(String ci) throws Exception {
        ProcessBuilder builder = new ProcessBuilder("sh", "bin/not-checked", "before")
                .directory(dir.toFile())
                .redirectErrorStream(true)
                .redirectOutput(dir.resolve("out").toFile());
        builder.environment().put("CI", ci);
        Process process = builder.start();
        process.getOutputStream().close();
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        return new Ended(process.exitValue(), Files.readString(dir.resolve("out"), UTF_8));
    }

    @Test
    void whatAMachineLacksIsSaidOnceWithTheTestsThatNeedIt() throws Exception {
        report("core", "UapiTest", "Assumption failed: needs gcc", "Assumption failed: needs gcc");
        report("tests", "TraceTest", "SKIPPED: needs strace");
        report("tests", "ProbeTest", "SKIPPED: needs gcc", "SKIPPED: the model has no tty");
        Ended ended = run("");
        assertThat(ended.status).isZero();
        assertThat(ended.out.replaceAll(" +", " ").strip()).isEqualTo("""
            Not checked, since this machine lacks what it needs:
             gcc 3 tests: ProbeTest, UapiTest
             strace 1 test: TraceTest
            To check it too: sudo bin/install-tools && sudo ./mvnw verify (without sudo: as root)\
            """);
        assertThat(run("true").status).isEqualTo(1);
    }

    @Test
    void whatNoPackageGivesIsSaidAndNoFailure() throws Exception {
        report("tests", "NetworkTest", "SKIPPED: needs a kernel that kills sockets");
        Ended ended = run("true");
        assertThat(ended.out).contains("a kernel that kills sockets");
        assertThat(ended.status).isZero();
    }

    @Test
    void withoutSkipsOrWithThoseOfAnEarlierRunNothingIsSaid() throws Exception {
        report("tests", "TreeTest");
        Path old = report("tests", "OldTest", "SKIPPED: needs gcc");
        Files.setLastModifiedTime(old, FileTime.from(Instant.now().minus(Duration.ofHours(2))));
        assertThat(run("true")).isEqualTo(new Ended(0, ""));
    }
}
