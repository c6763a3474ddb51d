package dev.fid.net.admin;

import dev.fid.PipeBudget;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Name;
import dev.fid.net.Ending;
import dev.fid.net.loop.Histogram;
import dev.fid.net.loop.LoopCounters;
import dev.fid.net.relay.Relay;
import dev.fid.net.relay.Service;
import java.math.BigDecimal;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;

/// What a service counted, in Prometheus' text format (version 0.0.4).
final class Metrics {
    private final StringBuilder text = new StringBuilder(8192);

    private Metrics() {}

    static String of(Service service) {
        Metrics metrics = new Metrics();
        metrics.all(service);
        return metrics.text.toString();
    }

    private void all(Service service) {
        Map<String, LoopCounters> tallies = new LinkedHashMap<>();
        List<Relay> relays = service.all();
        for (Relay relay : relays) {
            tallies.computeIfAbsent(relay.name(), name -> new LoopCounters()).add(relay.tally());
        }
        head("fid_relay_connections", "gauge", "Connections that are open.");
        tallies.forEach((name, tally) -> line("fid_relay_connections", label("relay", name), tally.open));
        head("fid_relay_accepted_total", "counter", "Clients that were accepted.");
        tallies.forEach((name, tally) -> line("fid_relay_accepted_total", label("relay", name), tally.accepted));
        head("fid_relay_joined_total", "counter", "Clients that an upstream took.");
        tallies.forEach((name, tally) -> line("fid_relay_joined_total", label("relay", name), tally.joined));
        head("fid_relay_preconnected_total", "counter", "Clients that got a connection made before they came.");
        tallies.forEach(
                (name, tally) -> line("fid_relay_preconnected_total", label("relay", name), tally.preconnected));
        head("fid_relay_spares", "gauge", "Connections to the upstream that wait for a client.");
        tallies.forEach((name, tally) -> line("fid_relay_spares", label("relay", name), tally.spares));
        head("fid_relay_ended_total", "counter", "Connections by how they ended.");
        tallies.forEach((name, tally) -> {
            for (Ending ending : Ending.values()) {
                line(
                        "fid_relay_ended_total",
                        label("relay", name) + "," + label("how", ending.toString()),
                        tally.ended(ending));
            }
        });
        head("fid_relay_bytes_total", "counter", "Bytes delivered, by direction and by method.");
        tallies.forEach((name, tally) -> {
            for (int way = 0; way < 2; way++) {
                String labels = label("relay", name) + ","
                        + label("direction", way == LoopCounters.THERE ? "to_upstream" : "to_client") + ",";
                line("fid_relay_bytes_total", labels + label("method", "splice"), tally.spliced[way]);
                line("fid_relay_bytes_total", labels + label("method", "copy"), tally.copied[way]);
            }
        });
        head("fid_relay_calls_total", "counter", "System calls that moved bytes or tried to.");
        tallies.forEach((name, tally) -> {
            line("fid_relay_calls_total", label("relay", name) + "," + label("call", "splice"), tally.splices);
            line(
                    "fid_relay_calls_total",
                    label("relay", name) + "," + label("call", "other"),
                    tally.calls - tally.splices);
        });
        head("fid_relay_eagain_total", "counter", "Calls that moved nothing, by which side was not ready.");
        tallies.forEach((name, tally) -> {
            line("fid_relay_eagain_total", label("relay", name) + "," + label("cause", "input"), tally.emptyInput);
            line("fid_relay_eagain_total", label("relay", name) + "," + label("cause", "output"), tally.fullOutput);
        });
        head(
                "fid_relay_trials_total",
                "counter",
                "Comparisons of splice and copy by their CPU time, by what was kept.");
        tallies.forEach((name, tally) -> {
            line("fid_relay_trials_total", label("relay", name) + "," + label("kept", "splice"), tally.spliceTrials);
            line("fid_relay_trials_total", label("relay", name) + "," + label("kept", "copy"), tally.copyTrials);
        });
        errors(
                "fid_relay_accept_errors_total",
                "errno",
                "Errors of accept, by errno.",
                tallies,
                LoopCounters::acceptErrors);
        errors(
                "fid_relay_connect_errors_total",
                "errno",
                "Errors of connecting, by errno.",
                tallies,
                LoopCounters::connectErrors);
        head("fid_relay_connect_retries_total", "counter", "How often an upstream that refused was asked again.");
        tallies.forEach(
                (name, tally) -> line("fid_relay_connect_retries_total", label("relay", name), tally.connectRetries));
        errors(
                "fid_relay_fallbacks_total",
                "errno",
                "How often a direction began to copy bulk, by errno.",
                tallies,
                LoopCounters::fallbacks);
        errors(
                "fid_relay_header_errors_total",
                "reason",
                "Clients refused for their PROXY header, by what was wrong.",
                tallies,
                LoopCounters::headerErrors);
        head("fid_relay_accept_pauses_total", "counter", "How often accepting paused at the bound of connections.");
        tallies.forEach((name, tally) -> line("fid_relay_accept_pauses_total", label("relay", name), tally.pauses));
        times("fid_relay_connect_seconds", "Time to connect to the upstream.", tallies, tally -> tally.connecting);
        times("fid_relay_first_byte_seconds", "From accept to the upstream's first byte.", tallies, t -> t.firstByte);
        PipeBudget budget = PipeBudget.of(Kernel.linux());
        head("fid_pipe_pages", "gauge", "Pages in pipes of this process.");
        line("fid_pipe_pages", "", budget.pages());
        head("fid_pipes", "gauge", "Pipes of this process.");
        line("fid_pipes", "", budget.pipes());
        head(
                "fid_pipes_small_total",
                "counter",
                "Pipes that got less than they should have, by the user's page limit.");
        line("fid_pipes_small_total", "", budget.shrunk());
        head("fid_pipe_pages_soft_limit", "gauge", "Pages that pipes of this user may have; 0 for no limit.");
        line("fid_pipe_pages_soft_limit", "", budget.softPages());
        head("fid_draining", "gauge", "1 while no clients are accepted any more.");
        line("fid_draining", "", service.isDraining() ? 1 : 0);
        head("fid_uptime_seconds", "gauge", "Since the start.");
        text.append("fid_uptime_seconds ")
                .append(String.format(Locale.ROOT, "%.3f", service.seconds()))
                .append('\n');
    }

    private interface Errors {
        Map<String, Long> of(LoopCounters tally);
    }

    private void errors(String name, String key, String help, Map<String, LoopCounters> tallies, Errors errors) {
        head(name, "counter", help);
        tallies.forEach((relay, tally) -> errors.of(tally)
                .forEach((which, count) -> line(name, label("relay", relay) + "," + label(key, which), count)));
    }

    private void times(
            String name, String help, Map<String, LoopCounters> tallies, Function<LoopCounters, Histogram> histogram) {
        head(name, "histogram", help);
        tallies.forEach((relay, tally) -> {
            Histogram times = histogram.apply(tally);
            for (int i = 0; i < Histogram.BOUNDS.length; i++) {
                String bound = BigDecimal.valueOf(Histogram.BOUNDS[i], 6)
                        .stripTrailingZeros()
                        .toPlainString();
                line(name + "_bucket", label("relay", relay) + "," + label("le", bound), times.upTo(i));
            }
            line(name + "_bucket", label("relay", relay) + "," + label("le", "+Inf"), times.count());
            text.append(name).append("_sum{").append(label("relay", relay)).append("} ");
            text.append(String.format(Locale.ROOT, "%.6f", times.seconds())).append('\n');
            line(name + "_count", label("relay", relay), times.count());
        });
    }

    private void head(String name, String type, String help) {
        text.append("# HELP ").append(name).append(' ').append(help).append('\n');
        text.append("# TYPE ").append(name).append(' ').append(type).append('\n');
    }

    private void line(String name, String labels, long value) {
        text.append(name);
        if (!labels.isEmpty()) {
            text.append('{').append(labels).append('}');
        }
        text.append(' ').append(value).append('\n');
    }

    private static String label(String key, String value) {
        return key + "=\""
                + Name.shown(value).replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n") + "\"";
    }
}
