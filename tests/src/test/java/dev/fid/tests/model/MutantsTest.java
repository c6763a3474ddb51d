package dev.fid.tests.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fid.tests.faults.InMemory;
import java.io.File;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/// Whether the campaign against the real kernel, the vectors, the model's tests and the simulation notice when the
/// model is wrong. Each {@link Mutant} is compiled to a folder that comes first on the class path of a JVM of its own,
/// which runs {@link MutantTrial}.
///
/// `-Dfid.mutants` is a pattern for the area or file and rule of those to run.
class MutantsTest {
    private static final String ABOVE_THE_KERNEL = "links";
    private static final int FEWEST = 100;
    private static final double CAUGHT = 0.95;
    private static final List<String> AREAS = List.of(
            "splice",
            "tee",
            "vmsplice",
            "sendfile",
            "copy_file_range",
            "pipe ring",
            "fcntl",
            "errno precedence",
            "page cache",
            "sockets",
            "poll",
            "ledger",
            "profiles",
            ABOVE_THE_KERNEL);
    /// Known bugs, which must be among the caught.
    private static final List<String> KNOWN = List.of(
            "a stale can-merge flag on a page of a file (CVE-2022-0847)",
            "EAGAIN of a full output is no 0",
            "EAGAIN is taken for empty while slots are full",
            "0 is taken for the end after a reset");

    /// The unchanged model has nothing against these.
    private static final long SEED = Long.getLong("fid.mutants.seed", 1);

    private static final int SCRIPTS = Integer.getInteger("fid.mutants.scripts", 2000);
    private static final int LINKS = Integer.getInteger("fid.mutants.links", 5000);
    /// A trial takes ten seconds; a mutant that runs for ever is caught, too.
    private static final long MOST_SECONDS = 180;

    @TempDir(factory = InMemory.class)
    Path memory;

    @TempDir
    Path disk;

    @Test
    void everyMutantHasItsLine() throws IOException {
        List<Mutant> all = Mutant.all();
        for (Mutant mutant : all) {
            String text = Files.readString(mutant.source());
            assertThat(mutant.applied(text)).isNotEqualTo(text);
        }
        Map<String, Long> perArea = all.stream().collect(Collectors.groupingBy(Mutant::area, Collectors.counting()));
        assertThat(perArea).containsOnlyKeys(AREAS);
        assertThat(perArea.values()).allMatch(count -> count >= 5);
        assertThat(all).filteredOn(mutant -> !mutant.isOfCore()).hasSizeGreaterThanOrEqualTo(FEWEST);
        assertThat(all).extracting(Mutant::rule).containsAll(KNOWN);
        assertThat(all.stream().map(Mutant::toString).distinct()).hasSameSizeAs(all);
    }

    @Test
    void aLineThatIsGoneIsAnError() {
        Mutant mutant = Mutant.parse("[ring]\n\nRing.java: full by slots\n@ full()\n- return a >= b;\n+ return a > b;")
                .getFirst();
        String text = "boolean empty() {\n    return a >= b;\n}\nboolean full() {\n    return a >= b;\n}\n";
        assertThat(mutant.applied(text))
                .endsWith("full() {\nreturn a > b;\n}\n")
                .startsWith("boolean empty() {\n    ret");
        assertThatThrownBy(() -> mutant.applied(text.replace("return a", "return c")))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContainingAll("gone", "Ring.java", "return a >= b;");
        Mutant nowhere = Mutant.parse("Ring.java: full by slots\n- return a >= b;\n+ return a > b;")
                .getFirst();
        assertThatThrownBy(() -> nowhere.applied(text)).hasMessageContaining("lines 2 and 5");
        assertThatThrownBy(nowhere::source).hasMessageContainingAll("there is no", "Ring.java", "any more");
    }

    @Test
    @EnabledIfSystemProperty(named = "fid.campaign", matches = "long")
    void theCampaignCatchesMutants() throws Exception {
        Mutant first = Mutant.all().getFirst();
        Path same = compiled(first, Files.readString(first.source()));
        assertThat(trial(same, SCRIPTS)).as("the model as it is").startsWith("green");

        Pattern wanted = Pattern.compile(System.getProperty("fid.mutants", ""));
        List<Mutant> ran = new ArrayList<>();
        List<Mutant> survivors = new ArrayList<>();
        for (Mutant mutant : Mutant.all()) {
            if (!wanted.matcher(mutant.area() + " " + mutant).find()) {
                continue;
            }
            long start = System.nanoTime();
            String verdict = trial(
                    compiled(mutant, mutant.applied(Files.readString(mutant.source()))),
                    mutant.isOfCore() ? 0 : SCRIPTS);
            boolean lives = verdict.startsWith("green");
            ran.add(mutant);
            if (lives) {
                survivors.add(mutant);
            }
            System.out.printf(
                    "%5.1f s %s [%s] %s: %s%n          %s%n",
                    (System.nanoTime() - start) / 1e9,
                    lives ? "SURVIVES" : "caught  ",
                    mutant.area(),
                    mutant.file(),
                    mutant.rule(),
                    verdict.substring(0, Math.min(160, verdict.length())));
        }
        System.out.printf(
                "mutants: %d, caught %d, survivors %s%n", ran.size(), ran.size() - survivors.size(), survivors);
        assertThat(survivors.stream().filter(mutant -> mutant.survives() == null))
                .as("survivors that nobody has explained")
                .isEmpty();
        assertThat(survivors).noneMatch(Mutant::isOfCore);
        assertThat(ran.size() - survivors.size()).isGreaterThanOrEqualTo((int) Math.ceil(CAUGHT * ran.size()));
    }

    /// The folder with the classes of this source.
    private Path compiled(Mutant mutant, String text) throws IOException {
        Path folder = Files.createTempDirectory(memory, "mutant");
        Path source = folder.resolve(mutant.source().getFileName());
        Files.writeString(source, text);
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        StringWriter said = new StringWriter();
        try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, StandardCharsets.UTF_8)) {
            Iterable<? extends JavaFileObject> sources = files.getJavaFileObjects(source);
            List<String> options = List.of(
                    "-cp",
                    System.getProperty("java.class.path"),
                    "-d",
                    folder.toString(),
                    "-proc:none",
                    "-nowarn",
                    "-implicit:none");
            if (!compiler.getTask(said, files, null, options, null, sources).call()) {
                throw new AssertionError("no Java: " + mutant + "\n" + said);
            }
        }
        return folder;
    }

    /// What {@link MutantTrial} says with these classes first.
    private String trial(Path classes, int scripts) throws IOException, InterruptedException {
        Path tests = Path.of("../model/target/test-classes");
        assertThat(tests.resolve("dev/fid/model/MechanismTest.class"))
                .as("the model's own tests")
                .exists();
        String classPath = String.join(
                File.pathSeparator, classes.toString(), System.getProperty("java.class.path"), tests.toString());
        Path onDisk = Files.createDirectories(disk.resolve("files"));
        Path inMemory = Files.createDirectories(memory.resolve("files"));
        Path output = classes.resolve("output");
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "-Xmx256m",
                        "-Dslf4j.internal.verbosity=ERROR",
                        "-cp",
                        classPath,
                        MutantTrial.class.getName(),
                        inMemory.toString(),
                        onDisk.toString(),
                        Long.toString(SEED),
                        Integer.toString(scripts),
                        Integer.toString(LINKS))
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        if (!process.waitFor(MOST_SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly().waitFor();
            return "red: no end after " + MOST_SECONDS + " s";
        }
        String last = last(Files.readString(output));
        if (process.exitValue() == 0 && last != null && last.startsWith("green")) {
            return last;
        }
        if (process.exitValue() == MutantTrial.RED && last != null && last.startsWith("red")) {
            return last;
        }
        throw new AssertionError(
                "the trial itself failed with " + process.exitValue() + ": " + Files.readString(output));
    }

    private static @Nullable String last(String text) {
        return text.lines()
                .filter(line -> line.startsWith("green") || line.startsWith("red"))
                .reduce(null, (_, line) -> line);
    }
}
