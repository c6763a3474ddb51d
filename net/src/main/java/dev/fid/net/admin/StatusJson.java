package dev.fid.net.admin;

import dev.fid.net.AddressText;
import dev.fid.net.ConnectionStatus;
import dev.fid.net.Ending;
import dev.fid.net.LogEntry;
import dev.fid.net.relay.Relay;
import dev.fid.net.relay.Service;
import dev.fid.net.relay.Totals;
import java.util.List;
import java.util.Locale;

/// What a service does now, as JSON: the schemas `fid.status/1` and `fid.connections/1`.
final class StatusJson {
    private final StringBuilder text = new StringBuilder(1024);

    private StatusJson() {}

    static String status(Service service) {
        StatusJson state = new StatusJson();
        state.text
                .append("{\"schema\":\"fid.status/1\",\"pid\":")
                .append(ProcessHandle.current().pid());
        state.text
                .append(",\"state\":\"")
                .append(service.isDraining() ? "draining" : "running")
                .append("\",\"uptime_seconds\":")
                .append(number(service.seconds()))
                .append(",\"workers\":")
                .append(service.loops().count())
                .append(",\"connections\":")
                .append(service.connections())
                .append(",\"relays\":[");
        List<Relay> relays = service.all();
        for (int i = 0; i < relays.size(); i++) {
            state.text.append(i == 0 ? "" : ",");
            state.relay(relays.get(i));
        }
        return state.text.append("]}\n").toString();
    }

    private void relay(Relay relay) {
        Totals totals = relay.totals();
        text.append("{\"name\":");
        string(relay.name());
        text.append(",\"listen\":[");
        for (int i = 0; i < relay.addresses().size(); i++) {
            text.append(i == 0 ? "" : ",");
            string(AddressText.of(relay.addresses().get(i)));
        }
        text.append("],\"to\":");
        string(AddressText.of(relay.to()));
        text.append(",\"state\":\"")
                .append(relay.isDraining() ? "draining" : "running")
                .append('"');
        field("connections", totals.open());
        field("accepted", totals.accepted());
        field("joined", totals.joined());
        field("spares", totals.spares());
        field("bytes_to_upstream", totals.splicedThere() + totals.copiedThere());
        field("bytes_to_client", totals.splicedBack() + totals.copiedBack());
        field("bytes_spliced", totals.spliced());
        field("bytes_copied", totals.copied());
        field("calls", totals.calls());
        field("pauses", totals.pauses());
        text.append(",\"ended\":{");
        String before = "";
        for (Ending ending : Ending.values()) {
            text.append(before).append('"').append(ending).append("\":").append(totals.ended(ending));
            before = ",";
        }
        text.append('}');
        counts("connect_errors", totals.connectErrors());
        counts("accept_errors", totals.acceptErrors());
        counts("fallbacks", totals.fallbacks());
        text.append('}');
    }

    private void counts(String key, java.util.Map<String, Long> counts) {
        text.append(",\"").append(key).append("\":{");
        String before = "";
        for (java.util.Map.Entry<String, Long> each : new java.util.TreeMap<>(counts).entrySet()) {
            text.append(before).append('"').append(each.getKey()).append("\":").append(each.getValue());
            before = ",";
        }
        text.append('}');
    }

    /// The connections, longest first.
    static String connections(Service service) {
        StatusJson state = new StatusJson();
        state.text.append("{\"schema\":\"fid.connections/1\",\"connections\":[");
        String before = "";
        for (Relay relay : service.all()) {
            for (ConnectionStatus each : relay.list()) {
                state.text.append(before);
                state.connection(relay.name(), each);
                state.text.append('}');
                before = ",";
            }
        }
        return state.text.append("]}\n").toString();
    }

    /// One line of an access log.
    static String entry(String time, LogEntry entry) {
        StatusJson state = new StatusJson();
        state.connection(entry.relay(), entry.connection());
        state.text.append(",\"ended\":\"").append(entry.ending()).append('"');
        if (!entry.why().isEmpty()) {
            state.text.append(",\"why\":");
            state.string(entry.why());
        }
        state.text.append(",\"time\":\"").append(time);
        return state.text.append("\"}\n").toString();
    }

    private void connection(String relay, ConnectionStatus each) {
        text.append("{\"id\":").append(each.id()).append(",\"relay\":");
        string(relay);
        text.append(",\"client\":");
        string(each.client());
        text.append(",\"upstream\":");
        string(each.upstream());
        text.append(",\"phase\":\"").append(each.phase()).append('"');
        field("bytes_to_upstream", each.bytesThere());
        field("bytes_to_client", each.bytesBack());
        field("bytes_spliced", each.bytesSpliced());
        field("pending", each.pending());
        text.append(",\"seconds\":").append(number(each.seconds()));
    }

    private void field(String key, long value) {
        text.append(",\"").append(key).append("\":").append(value);
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%.3f", value);
    }

    private void string(String value) {
        text.append('"');
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c == '"' || c == '\\') {
                text.append('\\').append(c);
            } else if (Character.isISOControl(c)) {
                text.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
            } else {
                text.append(c);
            }
        }
        text.append('"');
    }
}
