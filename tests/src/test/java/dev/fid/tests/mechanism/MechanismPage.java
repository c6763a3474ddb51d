package dev.fid.tests.mechanism;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.fid.cli.Main;
import dev.fid.model.Profile;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Those parts of docs/mechanism.md that are made: the tables, from bills of the model, and what commands
/// print. Each stands behind a comment that says what it is.
final class MechanismPage {
    private static final Pattern TABLE = Pattern.compile("<!-- made: (\\w+) -->\n(?:\\|.*\n)+");
    private static final Pattern QUOTE = Pattern.compile("<!-- run: fid (.*?) -->\n```text\n(?:.*\n)*?```\n");

    private static final List<String> CHAINS = List.of(
            "`read` | file | memory",
            "`splice` | file | pipe",
            "`splice` | TCP | pipe",
            "`splice` | pipe | file",
            "`splice` | pipe | TCP",
            "`splice` | pipe | pipe",
            "`tee` | pipe | pipe",
            "`vmsplice` | memory | pipe",
            "`sendfile` | file | TCP",
            "`copy_file_range` | file | file");

    private MechanismPage() {}

    /// The page with all of them made anew.
    static String made(String page) throws IOException {
        StringBuilder made = new StringBuilder();
        Matcher table = TABLE.matcher(page);
        while (table.find()) {
            String rows = table.group(1).equals("bills") ? bills() : chains();
            table.appendReplacement(made, Matcher.quoteReplacement("<!-- made: " + table.group(1) + " -->\n" + rows));
        }
        table.appendTail(made);
        Matcher quote = QUOTE.matcher(made.toString());
        StringBuilder quoted = new StringBuilder();
        while (quote.find()) {
            quote.appendReplacement(
                    quoted,
                    Matcher.quoteReplacement(
                            "<!-- run: fid " + quote.group(1) + " -->\n```text\n" + said(quote.group(1)) + "```\n"));
        }
        quote.appendTail(quoted);
        return quoted.toString();
    }

    private static String said(String command) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int status = Main.run(command.split(" ", -1), out, err);
        if (status != 0) {
            throw new AssertionError(command + ": " + err.toString(UTF_8));
        }
        return out.toString(UTF_8);
    }

    private static String bills() throws IOException {
        StringBuilder rows = new StringBuilder("| call | from | to | copied, 2.6 | copied, 6.18 | copied, copying"
                + " | taken | dropped |\n|---|---|---|---|---|---|---|---|\n");
        for (String name : Experiments.names()) {
            rows.append("| ").append(name);
            for (Profile profile : Profile.values()) {
                rows.append(" | ").append(Experiments.run(name, profile).copied());
            }
            Experiments.Outcome today = Experiments.run(name, Profile.LINUX_6_18);
            rows.append(" | ").append(Experiments.Outcome.perPage(today.bill().referencesTaken()));
            rows.append(" | ").append(Experiments.Outcome.perPage(today.bill().referencesDropped()));
            rows.append(" |\n");
        }
        return rows.toString();
    }

    private static String chains() throws IOException {
        StringBuilder rows = new StringBuilder("| call | from | to | 2.6 | 6.18 |\n|---|---|---|---|---|\n");
        for (String name : CHAINS) {
            rows.append("| ").append(name);
            rows.append(" | ").append(chain(name, Profile.LINUX_2_6));
            rows.append(" | ").append(chain(name, Profile.LINUX_6_18)).append(" |\n");
        }
        return rows.toString();
    }

    /// Each function once, in the order in which they are entered.
    private static String chain(String name, Profile profile) throws IOException {
        Experiments.Outcome outcome = Experiments.run(name, profile);
        if (outcome.result() < 0) {
            return outcome.copied();
        }
        List<String> inside = outcome.functions().subList(1, outcome.functions().size());
        return "`" + String.join("`, `", new LinkedHashSet<>(inside)) + "`";
    }
}
