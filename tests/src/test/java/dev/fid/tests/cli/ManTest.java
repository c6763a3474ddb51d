package dev.fid.tests.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import dev.fid.cli.Main;
import dev.fid.tests.Needs;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/// The man pages, beside the help and the completions that come from the same model.
class ManTest extends Sandbox {
    private static final Path PAGES = Path.of("..", "docs", "man");

    /// The commands that help lists, `fid` itself under the empty name.
    static Map<String, CommandLine> commands() {
        CommandLine model = Main.model();
        Map<String, CommandLine> commands = new TreeMap<>(model.getSubcommands());
        commands.values().removeIf(each -> each.getCommandSpec().usageMessage().hidden());
        commands.put("", model);
        return commands;
    }

    static List<String> pages() throws IOException {
        try (Stream<Path> pages = Files.walk(PAGES)) {
            return pages.filter(Files::isRegularFile)
                    .map(page -> PAGES.relativize(page).toString())
                    .sorted()
                    .toList();
        }
    }

    @Test
    void thePagesUnderDocsAreThoseOfTheModel() throws IOException {
        assertThat(here("man", path("man")).status()).isZero();
        List<String> written;
        try (Stream<Path> all = Files.walk(dir.resolve("man"))) {
            written = all.filter(Files::isRegularFile)
                    .map(page -> dir.resolve("man").relativize(page).toString())
                    .sorted()
                    .toList();
        }
        assertThat(pages()).as("run ./fid man docs/man").isEqualTo(written);
        for (String page : written) {
            assertThat(PAGES.resolve(page))
                    .as("run ./fid man docs/man")
                    .hasSameTextualContentAs(dir.resolve("man").resolve(page));
        }
    }

    @Test
    void everyCommandHasAPage() throws IOException {
        for (String command : commands().keySet()) {
            assertThat(pages()).contains("man1/fid" + (command.isEmpty() ? "" : "-" + command) + ".1");
        }
        assertThat(pages()).contains("man7/fid-endpoints.7");
    }

    @Test
    void everyOptionIsInTheHelpInThePageAndInBothCompletions() throws IOException {
        String bash = here("completion", "bash").out();
        String zsh = here("completion", "zsh").out();
        for (Map.Entry<String, CommandLine> each : commands().entrySet()) {
            String command = each.getKey();
            String help = (command.isEmpty() ? here("help") : here("help", command)).out();
            String page = read(command.isEmpty() ? "man1/fid.1" : "man1/fid-" + command + ".1");
            String inBash = part(bash, "    '" + command + "')\n", ";;");
            String inZsh = command.isEmpty()
                    ? part(zsh, "_arguments -C", "case $state")
                    : part(zsh, "        " + command + ")\n", "&& return");
            for (OptionSpec option : shown(each.getValue())) {
                for (String name : option.names()) {
                    String whole = Pattern.quote(name) + "(?![\\w-])";
                    assertThat(help).containsPattern("(?m)^ .*" + whole);
                    assertThat(page).containsPattern("\\\\fB" + Pattern.quote(name.replace("-", "\\-")) + "\\\\fR");
                    assertThat(inBash).containsPattern("options='.*" + whole);
                    assertThat(inZsh).containsPattern("[')*]" + whole.replace("[", "[") + "|\\)" + whole);
                }
            }
        }
    }

    /// The options of a command that are told of: a hidden one only explains why it does not exist.
    private static List<OptionSpec> shown(CommandLine command) {
        return command.getCommandSpec().options().stream()
                .filter(option -> !option.hidden())
                .toList();
    }

    /// Only options of the model: a page or a script could have kept an old one.
    @Test
    void nothingElseIsOfferedAsAnOption() throws IOException {
        String bash = here("completion", "bash").out();
        for (Map.Entry<String, CommandLine> each : commands().entrySet()) {
            List<String> names = shown(each.getValue()).stream()
                    .flatMap(option -> Stream.of(option.names()))
                    .toList();
            Matcher offered =
                    Pattern.compile("options='(.*)'").matcher(part(bash, "    '" + each.getKey() + "')\n", ";;"));
            assertThat(offered.find()).isTrue();
            assertThat(offered.group(1).split(" ", -1)).containsExactlyInAnyOrderElementsOf(names);
            String page = read(each.getKey().isEmpty() ? "man1/fid.1" : "man1/fid-" + each.getKey() + ".1");
            Matcher term =
                    Pattern.compile("\\.TP\\n\\\\fB(\\\\-[^ ]+?)\\\\fR").matcher(part(page, ".SH OPTIONS", ".SH EXIT"));
            while (term.find()) {
                assertThat(names).contains(term.group(1).replace("\\-", "-"));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("pages")
    void manAndMandocHaveNothingToSay(String page) throws IOException {
        Needs.programs("man", "groff", "mandoc");
        String file = PAGES.resolve(page).toRealPath().toString();
        Ran man = sh("MANROFFSEQ= man --warnings=w -E UTF-8 -l -Tutf8 -Z " + file + " >/dev/null");
        assertThat(man.err()).isEmpty();
        assertThat(man.status()).isZero();
        assertThat(sh("mandoc -Tlint -W all " + file).out()).isEmpty();
    }

    @Test
    void aPageIsFoundFromACheckout() throws IOException {
        Needs.programs("man");
        Ran ran = sh("MANWIDTH=80 man -P cat -M " + PAGES.toRealPath() + " fid-copy");
        assertThat(ran.err()).isEmpty();
        assertThat(ran.out()).contains("Other hard links to the old file keep the old content.");
        assertThat(ran.out().lines()).allMatch(line -> line.length() <= 80);
    }

    @ParameterizedTest
    @MethodSource("pages")
    void everyExampleRuns(String page) throws IOException {
        file("big.iso", 2_000_000);
        if (page.endsWith("fid-bench.1")) {
            Needs.headers("stdio.h");
        }
        List<String> examples = examples(read(page));
        assertThat(examples).isNotEmpty();
        if (page.matches(".*/fid-(relay|ctl|top)\\.1")) {
            // They name hosts of others and do not end: here they must be understood, RelayTest has them at work.
            for (String example : examples) {
                assertThat(example).startsWith("fid ");
                String[] words = example.substring("fid ".length()).split(" ", -1);
                assertThatCode(() -> Main.model().parseArgs(words)).as(example).doesNotThrowAnyException();
            }
            return;
        }
        // bash, because that is what people have: one line of fid-endpoints(7) opens descriptor 5.
        Ran ran = run(List.of("bash", "-ec", String.join("\n", examples)));
        assertThat(ran.status()).as(ran.err()).isZero();
    }

    /// The lists that {@link dev.fid.tests.peers} holds against the commands themselves.
    @ParameterizedTest
    @CsvSource({"cp, copy", "tee, tee"})
    void whatDiffersFromAPeerIsInThePageWithTheReasonAndWhoGains(String peer, String command) throws IOException {
        String section = part(
                read("man1/fid-" + command + ".1"),
                ".SH WHAT DIFFERS FROM " + peer.toUpperCase(Locale.ROOT),
                ".SH EXA");
        String list;
        try (InputStream in = Main.class.getResourceAsStream("manual/differs-from-" + peer + ".txt")) {
            list = new String(Objects.requireNonNull(in).readAllBytes(), UTF_8);
        }
        for (String key : List.of("what", "peer", "fid", "why", "gains")) {
            assertThat(Pattern.compile("(?m)^" + key + ": ").matcher(list).results())
                    .as(key)
                    .hasSize(section.split("\\.IP ", -1).length - 1);
        }
        assertThat(section).doesNotContain("null");
    }

    @Test
    void everyExampleOfAHelpIsInItsPage() throws IOException {
        for (Map.Entry<String, CommandLine> each : commands().entrySet()) {
            List<String> inHelp = Stream.of(
                            each.getValue().getCommandSpec().usageMessage().footer())
                    .filter(line -> line.startsWith("  fid "))
                    .map(String::strip)
                    .toList();
            String page = each.getKey().isEmpty() ? "man1/fid.1" : "man1/fid-" + each.getKey() + ".1";
            assertThat(examples(read(page))).containsAll(inHelp);
        }
    }

    @Test
    void theExitCodesOfTheHelpAreThoseOfThePage() throws IOException {
        Matcher inPage = Pattern.compile("\\.TP\\n\\\\fB(\\d+)\\\\fR").matcher(read("man1/fid.1"));
        List<String> codes = new ArrayList<>();
        while (inPage.find()) {
            codes.add(inPage.group(1));
        }
        assertThat(codes).contains("0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "70", "141");
        for (String code : codes) {
            assertThat(here("help").out()).containsPattern("(?m)^  " + code + " ");
        }
    }

    private static String read(String page) throws IOException {
        return Files.readString(PAGES.resolve(page));
    }

    private static String part(String text, String from, String to) {
        int start = text.indexOf(from);
        assertThat(start).as(from).isNotNegative();
        return text.substring(start, text.indexOf(to, start));
    }

    /// The lines of code below EXAMPLES, as a reader sees them.
    private static List<String> examples(String page) {
        List<String> examples = new ArrayList<>();
        Matcher code = Pattern.compile("\\.EX\\n(.*?)\\.EE", Pattern.DOTALL).matcher(page);
        while (code.find()) {
            if (Character.isUpperCase(code.group(1).charAt(0))) {
                continue; // a table
            }
            code.group(1)
                    .replace("\\-", "-")
                    .replace("\\(aq", "'")
                    .replace("\\(ga", "`")
                    .replace("\\(ti", "~")
                    .replace("\\(ha", "^")
                    .replace("\\&", "")
                    .replace("\\e", "\\")
                    .lines()
                    .forEach(examples::add);
        }
        return examples;
    }
}
