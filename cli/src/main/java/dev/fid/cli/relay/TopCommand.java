package dev.fid.cli.relay;

import dev.fid.bench.measure.Human;
import dev.fid.cli.base.Action;
import dev.fid.cli.base.Context;
import dev.fid.cli.base.Failure;
import dev.fid.cli.option.Values;
import dev.fid.kernel.Name;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// `fid top`: what a running relay does, once a second.
@Command(
        name = "top",
        description = {"Shows a running relay: connections and bytes a second.", "On a terminal it is redrawn.", ""},
        footer = {"", "Examples:", "  fid top", "  fid top --admin unix:///run/fid/admin.sock --count 1"})
public final class TopCommand implements Action {
    @Option(names = "--admin", paramLabel = "WHERE", description = "Default: 127.0.0.1:9191.")
    private String admin = "127.0.0.1:9191";

    @Option(
            names = {"-i", "--interval"},
            paramLabel = "DURATION",
            converter = Values.OfDuration.class,
            description = "Default: 1s.")
    private Duration interval = Duration.ofSeconds(1);

    @Option(names = "--count", paramLabel = "N", description = "Ends after so many tables.")
    private int count = Integer.MAX_VALUE;

    private record Row(long connections, long accepted, long joined, long toUpstream, long toClient, long spliced) {}

    @Override
    public void run(Context context) throws Failure {
        AdminClient client = AdminClient.of(admin);
        boolean redraw = context.console().columns() > 0 && !context.console().dumb() && count > 1;
        Map<String, Row> before = Map.of();
        long since = System.nanoTime();
        for (int i = 0; i < count; i++) {
            Map<String, Row> now = rows(client.get("/metrics"));
            double seconds = Math.max(1e-3, (System.nanoTime() - since) / 1e9);
            since = System.nanoTime();
            context.console().print((redraw ? "\033[H\033[2J" : "") + table(now, before, seconds));
            before = now;
            if (i + 1 < count) {
                try {
                    Thread.sleep(interval);
                } catch (InterruptedException e) {
                    return;
                }
            }
        }
    }

    /// A line of a metric with labels and a whole number; what does not look so is another's, and left out.
    private static final Pattern SAMPLE = Pattern.compile(
            "(fid_relay_[a-z_]+)\\{((?:[a-z_]+=\"(?:[^\"\\\\]|\\\\.)*\",?)*)\\} ([0-9]{1,18})(?:\\.0+)?");

    private static final Pattern LABEL = Pattern.compile("([a-z_]+)=\"((?:[^\"\\\\]|\\\\.)*)\"");

    private static Map<String, Row> rows(String metrics) {
        Map<String, long[]> sums = new TreeMap<>();
        metrics.lines().forEach(line -> {
            Matcher sample = SAMPLE.matcher(line);
            if (!sample.matches()) {
                return;
            }
            Map<String, String> labels = labels(sample.group(2));
            String relay = labels.get("relay");
            Integer column = column(sample.group(1), labels);
            if (relay == null || column == null) {
                return;
            }
            long value = Long.parseLong(sample.group(3));
            long[] row = sums.computeIfAbsent(relay, name -> new long[6]);
            row[column] += value;
            if ("splice".equals(labels.get("method"))) {
                row[5] += value;
            }
        });
        Map<String, Row> rows = new TreeMap<>();
        sums.forEach((name, row) -> rows.put(name, new Row(row[0], row[1], row[2], row[3], row[4], row[5])));
        return rows;
    }

    private static Map<String, String> labels(String text) {
        Map<String, String> labels = new TreeMap<>();
        Matcher label = LABEL.matcher(text);
        while (label.find()) {
            String value = label.group(2).replaceAll("\\\\n", " ").replaceAll("\\\\(.)", "$1");
            labels.put(label.group(1), Name.shown(value));
        }
        return labels;
    }

    private static @Nullable Integer column(String metric, Map<String, String> labels) {
        return switch (metric) {
            case "fid_relay_connections" -> 0;
            case "fid_relay_accepted_total" -> 1;
            case "fid_relay_joined_total" -> 2;
            case "fid_relay_bytes_total" -> "to_upstream".equals(labels.get("direction")) ? 3 : 4;
            default -> null;
        };
    }

    private static String table(Map<String, Row> now, Map<String, Row> before, double seconds) {
        List<String[]> cells = new ArrayList<>();
        cells.add(new String[] {"RELAY", "OPEN", "ACCEPTED", "NEW/s", "TO UPSTREAM", "TO CLIENT", "SPLICED"});
        now.forEach((name, row) -> {
            Row last = before.get(name);
            long bytes = row.toUpstream + row.toClient;
            cells.add(new String[] {
                Name.shown(name),
                Long.toString(row.connections),
                Long.toString(row.accepted),
                last == null ? "-" : Human.digits((row.accepted - last.accepted) / seconds),
                last == null ? Human.bytes(row.toUpstream) : perSecond(row.toUpstream - last.toUpstream, seconds),
                last == null ? Human.bytes(row.toClient) : perSecond(row.toClient - last.toClient, seconds),
                bytes == 0 ? "-" : Math.round(100.0 * row.spliced / bytes) + "%"
            });
        });
        int[] widths = new int[7];
        for (String[] row : cells) {
            for (int i = 0; i < row.length; i++) {
                widths[i] = Math.max(widths[i], row[i].length());
            }
        }
        StringBuilder text = new StringBuilder();
        for (String[] row : cells) {
            for (int i = 0; i < row.length; i++) {
                String pad = " ".repeat(widths[i] - row[i].length());
                text.append(i == 0 ? row[i] + pad : "  " + pad + row[i]);
            }
            text.append('\n');
        }
        return text.toString();
    }

    private static String perSecond(long bytes, double seconds) {
        return Human.bytes((long) (bytes / seconds)) + "/s";
    }
}
