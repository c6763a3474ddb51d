package dev.fid.tests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The README and the pages under docs: their Java compiles, their commands run, their links lead somewhere.
class DocsTest {
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();

    /// The README's two commands: the first has a test of its own, the second is what runs this test.
    private static final Set<String> ELSEWHERE = Set.of("./fid demo", "./mvnw verify");

    private static final Pattern QUOTE =
            Pattern.compile("^<!-- from ([^ #]+)#(\\w+) -->\n```java\n(.*?)^```\n", Pattern.MULTILINE | Pattern.DOTALL);

    /// A line that cannot run here says why.
    private static final Pattern NOT_RUN = Pattern.compile("\\s# not run: \\S.*");

    @TempDir
    Path directory;

    static List<Path> pages() throws IOException {
        List<Path> pages = new ArrayList<>();
        for (String name : List.of("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")) {
            pages.add(ROOT.resolve(name));
        }
        try (Stream<Path> docs = Files.walk(ROOT.resolve("docs"))) {
            docs.filter(path -> path.toString().endsWith(".md")).sorted().forEach(pages::add);
        }
        return pages;
    }

    @ParameterizedTest
    @MethodSource("pages")
    void javaExamplesCompile(Path page) throws IOException {
        String ownBlocks = QUOTE.matcher(Files.readString(page)).replaceAll(""); // quotes compile where they come from
        for (String block : blocks(ownBlocks, "java")) {
            assertThat(compilerSays(block)).as(block).isEmpty();
        }
    }

    /// A block behind `<!-- from PATH#NAME -->` is what stands in that file between `// tag::NAME[]` and
    /// `// end::NAME[]`.
    @ParameterizedTest
    @MethodSource("pages")
    void quotesAreTheExamplesOwnWords(Path page) throws IOException {
        String text = Files.readString(page);
        Matcher quote = QUOTE.matcher(text);
        int quotes = 0;
        while (quote.find()) {
            assertThat(quote.group(3)).as(quote.group(1)).isEqualTo(snippet(quote.group(1), quote.group(2)));
            quotes++;
        }
        assertThat(quotes).as("markers that stand right before a block").isEqualTo(count(text, "<!-- from "));
    }

    private static String snippet(String path, String name) throws IOException {
        List<String> lines = new ArrayList<>();
        boolean inside = false;
        for (String line : Files.readAllLines(ROOT.resolve(path))) {
            if (line.strip().equals("// end::" + name + "[]")) {
                return String.join("\n", lines).stripIndent() + "\n";
            }
            if (inside) {
                lines.add(line);
            }
            inside |= line.strip().equals("// tag::" + name + "[]");
        }
        throw new AssertionError("no snippet " + name + " in " + path);
    }

    private static int count(String text, String part) {
        return (text.length() - text.replace(part, "").length()) / part.length();
    }

    /// Each page of docs/ is reached from its index.
    @Test
    void theIndexNamesEveryPage() throws IOException {
        String index = Files.readString(ROOT.resolve("docs/README.md"));
        for (Path page : pages()) {
            Path docs = ROOT.resolve("docs");
            if (page.startsWith(docs) && !page.endsWith("README.md")) {
                assertThat(index).contains("](" + docs.relativize(page));
            }
        }
    }

    @Test
    void theCompilerWouldFindAWrongExample() {
        assertThat(compilerSays("Fd.noSuchThing();")).contains("noSuchThing");
    }

    @ParameterizedTest
    @MethodSource("pages")
    void commandsRun(Path page) throws Exception {
        byte[] content = new byte[3 << 20];
        new Random(1).nextBytes(content);
        Files.write(directory.resolve("big.iso"), content);
        Files.createDirectory(directory.resolve("docs"));
        Path bin = Files.createDirectory(directory.resolve("bin"));
        for (String name : List.of("fid", "bin/example")) {
            Path script = bin.resolve(Path.of(name).getFileName());
            Files.writeString(script, "#!/bin/sh\nexec '" + ROOT.resolve(name) + "' \"$@\"\n");
            assertThat(script.toFile().setExecutable(true)).isTrue();
        }
        for (String block : blocks(Files.readString(page), "sh")) {
            for (String line : block.lines().toList()) {
                String command = line.replaceFirst("\\s{2,}#.*", "").strip();
                if (!command.isEmpty()
                        && !ELSEWHERE.contains(command)
                        && !NOT_RUN.matcher(line).find()) {
                    run(bin, command);
                }
            }
        }
    }

    private void run(Path bin, String command) throws Exception {
        Path log = Files.createTempFile("fid-docs", ".log");
        try {
            ProcessBuilder builder = new ProcessBuilder("bash", "-euo", "pipefail", "-c", command)
                    .directory(directory.toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile());
            builder.environment().merge("PATH", bin.toString(), (path, own) -> own + ":" + path);
            Process process = builder.start();
            process.getOutputStream().close();
            boolean ended = process.waitFor(60, TimeUnit.SECONDS);
            process.destroyForcibly();
            assertThat(ended).as(command).isTrue();
            assertThat(process.exitValue())
                    .as(command + "\n" + Files.readString(log))
                    .isZero();
        } finally {
            Files.delete(log);
        }
    }

    @ParameterizedTest
    @MethodSource("pages")
    void linksLeadSomewhere(Path page) throws IOException {
        Matcher link = Pattern.compile("]\\((?!https?:|#)([^)#]+)[^)]*\\)").matcher(Files.readString(page));
        while (link.find()) {
            assertThat(page.resolveSibling(link.group(1))).as(link.group()).exists();
        }
    }

    private static List<String> blocks(String text, String language) {
        Matcher fence = Pattern.compile("^```" + language + "\\n(.*?)^```", Pattern.MULTILINE | Pattern.DOTALL)
                .matcher(text);
        List<String> blocks = new ArrayList<>();
        while (fence.find()) {
            blocks.add(fence.group(1));
        }
        return blocks;
    }

    /// Compiles statements; returns the compiler's errors.
    private static String compilerSays(String statements) {
        String source = """
                import dev.fid.*;
                import dev.fid.bridge.*;
                import dev.fid.fanout.*;
                import dev.fid.faults.*;
                import dev.fid.files.*;
                import dev.fid.kernel.*;
                import dev.fid.link.*;
                import dev.fid.model.*;
                import dev.fid.probe.*;
                import dev.fid.transfer.*;
                import java.net.*;
                import java.nio.file.*;
                import java.time.Duration;
                import java.util.*;
                class Example {
                    void run(Path path, SocketAddress address, Fd a, Fd b, Fd c) throws Exception {
                %s
                    }
                }
                """.formatted(statements);
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        StringWriter out = new StringWriter();
        JavaFileObject file =
                new SimpleJavaFileObject(URI.create("string:///Example.java"), JavaFileObject.Kind.SOURCE) {
                    @Override
                    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
                        return source;
                    }
                };
        try {
            Path classes = Files.createTempDirectory("fid-docs");
            boolean compiled = compiler.getTask(
                            out,
                            null,
                            null,
                            List.of(
                                    "-proc:none",
                                    "-d",
                                    classes.toString(),
                                    "-cp",
                                    System.getProperty("java.class.path")),
                            null,
                            List.of(file))
                    .call();
            try (Stream<Path> all = Files.walk(classes)) {
                all.sorted(java.util.Comparator.reverseOrder()).forEach(DocsTest::delete);
            }
            return compiled ? "" : out.toString();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void delete(Path path) {
        try {
            Files.delete(path);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void theReadmeShowsBothCommands() throws IOException {
        assertThat(Files.readString(ROOT.resolve("README.md"), StandardCharsets.UTF_8))
                .contains("./fid demo")
                .contains("./mvnw verify");
    }
}
