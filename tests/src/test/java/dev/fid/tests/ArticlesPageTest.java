package dev.fid.tests;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fid.cli.Main;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// docs/articles.md: every statement has its row, and what a row names is there.
class ArticlesPageTest {
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final Path PAGE = ROOT.resolve("docs/articles.md");

    /// Statements of each article, numbered from 1.
    private static final int[] STATEMENTS = {14, 16, 15, 12, 6};

    private static final Pattern ROW = Pattern.compile("^\\| (\\d\\.\\d+) \\| (.+?) \\| (.+?) \\| (.+) \\|$");
    private static final Pattern TEST = Pattern.compile("\\[(\\w+)#(\\w+)]\\(([^)]+)\\)");
    private static final Pattern COMMAND = Pattern.compile("`((?:fid|bin/example) [^`]+)`");

    @TempDir
    Path directory;

    private record Row(String id, String today, String shownBy) {}

    private static List<Row> rows() throws IOException {
        List<Row> rows = new ArrayList<>();
        for (String line : Files.readAllLines(PAGE)) {
            Matcher row = ROW.matcher(line);
            if (row.matches()) {
                rows.add(new Row(row.group(1), row.group(3), row.group(4)));
            }
        }
        return rows;
    }

    @Test
    void everyStatementHasOneRow() throws IOException {
        List<String> expected = new ArrayList<>();
        for (int article = 0; article < STATEMENTS.length; article++) {
            for (int i = 1; i <= STATEMENTS[article]; i++) {
                expected.add(article + "." + i);
            }
        }
        assertThat(rows()).extracting(Row::id).containsExactlyElementsOf(expected);
    }

    @Test
    void everyRowHasAVerdictAndSomethingThatShowsIt() throws IOException {
        for (Row row : rows()) {
            assertThat(row.today)
                    .as(row.id)
                    .matches("(holds|changed|was wrong|cannot be shown here|not needed|cited|own diagrams|EINTR).*");
            boolean shown = TEST.matcher(row.shownBy).find()
                    || COMMAND.matcher(row.shownBy).find()
                    || row.shownBy.startsWith("[explanation]");
            assertThat(shown).as(row.id + ": " + row.shownBy).isTrue();
        }
    }

    @Test
    void everyTestThatIsNamedIsATest() throws IOException {
        for (Row row : rows()) {
            Matcher test = TEST.matcher(row.shownBy);
            while (test.find()) {
                Path source = PAGE.resolveSibling(test.group(3)).normalize();
                assertThat(source).as(row.id).exists().hasFileName(test.group(1) + ".java");
                assertThat(Files.readString(source))
                        .as(row.id)
                        .containsPattern("@(?:Parameterized)?Test\\b")
                        .contains("    void " + test.group(2) + "(");
            }
        }
    }

    @Test
    void everyProgramThatIsNamedIsAnExample() throws IOException {
        Set<String> programs = new TreeSet<>();
        for (Row row : rows()) {
            Matcher command = COMMAND.matcher(row.shownBy);
            while (command.find()) {
                if (command.group(1).startsWith("bin/example ")) {
                    programs.add(command.group(1).split(" ", -1)[1]);
                }
            }
        }
        assertThat(programs).hasSizeGreaterThan(8);
        for (String program : programs) {
            try (Stream<Path> sources = Files.walk(ROOT.resolve("examples/src/main/java"))) {
                assertThat(sources.filter(path -> path.endsWith(program + ".java")))
                        .as(program)
                        .hasSize(1);
            }
        }
    }

    @Test
    void everyCommandOfFidThatIsNamedRuns() throws IOException {
        Path in = Files.write(directory.resolve("big.iso"), new byte[100_000]);
        for (Row row : rows()) {
            Matcher command = COMMAND.matcher(row.shownBy);
            while (command.find()) {
                if (command.group(1).startsWith("fid ")) {
                    String[] words = command.group(1)
                            .substring(4)
                            .replace("big.iso", in.toString())
                            .replaceAll("\\bout\\b", directory.resolve("out").toString())
                            .split(" ", -1);
                    ByteArrayOutputStream out = new ByteArrayOutputStream();
                    ByteArrayOutputStream err = new ByteArrayOutputStream();
                    assertThat(Main.run(words, out, err))
                            .as(row.id + ": " + command.group(1) + ": " + err.toString(StandardCharsets.UTF_8))
                            .isZero();
                    assertThat(out.size()).as(row.id).isPositive();
                }
            }
        }
    }
}
