package dev.fid.cli.relay;

import dev.fid.cli.base.Action;
import dev.fid.cli.base.Context;
import dev.fid.cli.base.Failure;
import dev.fid.cli.base.Suggest;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `fid ctl status|reload|drain|stop|conns|kill ID`.
@Command(
        name = "ctl",
        description = {
            "Asks a running relay, or tells it what to do.",
            "status and conns print JSON, metrics prints what Prometheus reads; reload, drain, stop and kill ID do what",
            "they say.",
            ""
        },
        footer = {
            "",
            "Examples:",
            "  fid ctl status",
            "  fid ctl --admin unix:///run/fid/admin.sock conns",
            "  fid ctl --admin 127.0.0.1:9191 kill 42"
        })
public final class CtlCommand implements Action {
    private static final List<String> ORDERS = List.of("status", "conns", "metrics", "reload", "drain", "stop", "kill");

    @Parameters(index = "0", paramLabel = "ORDER", description = "status, conns, metrics, reload, drain, stop, kill.")
    private String order = "";

    @Parameters(index = "1", arity = "0..1", paramLabel = "ID", description = "Of a connection, for kill.")
    private @Nullable String id;

    @Option(names = "--admin", paramLabel = "WHERE", description = "Default: 127.0.0.1:9191.")
    private String admin = "127.0.0.1:9191";

    @Override
    public void run(Context context) throws Failure {
        if (!ORDERS.contains(order)) {
            String near = Suggest.nearest(order, ORDERS);
            throw Failure.usage("'" + order + "' is no order"
                    + (near == null ? " (use " + String.join(", ", ORDERS) + ")" : "; did you mean '" + near + "'?"));
        }
        if (order.equals("kill") != (id != null)) {
            throw Failure.usage(id == null ? "kill needs the ID of a connection, see conns" : "only kill takes an ID");
        }
        AdminClient client = AdminClient.of(admin);
        AdminClient.Sink out = context.console()::print;
        switch (order) {
            case "status", "metrics" -> client.get("/" + order, out);
            case "conns" -> client.get("/connections", out);
            case "kill" -> client.post("/kill?id=" + id, out);
            default -> client.post("/" + order, out);
        }
    }
}
