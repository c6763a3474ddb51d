package dev.fid.cli.relay;

import dev.fid.cli.base.Action;
import dev.fid.cli.base.Context;
import dev.fid.cli.base.Failure;
import dev.fid.cli.base.Root;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `fid relay LISTEN TO`. Names no class of the relay before it is run: other commands must not pay for it.
@Command(
        name = "relay",
        description = {
            "Accepts clients at LISTEN, connects each to TO, and moves bytes both ways.",
            "They go through the kernel: small messages by read and write, bulk by splice(2).",
            "",
            "LISTEN is HOST:PORT, :PORT (127.0.0.1 and ::1), tcp-listen://HOST:PORT,",
            "unix-listen://PATH?mode=0660 (@NAME is abstract) or fd://N, a socket that",
            "listens already. TO is HOST:PORT, tcp://HOST:PORT?bind=ADDR or unix://PATH.",
            "IPv6 stands in brackets. Port 0 takes a free one; the start line has it.",
            "?keepalive=, nodelay=, rcvbuf= and sndbuf= hold for their side alone.",
            "TERM and INT let connections finish for the drain time-out, a second one cuts",
            "them. HUP reads the configuration again and reopens the log. USR1 prints one",
            "line.",
            ""
        },
        footer = {
            "",
            "Examples:",
            "  fid relay :8443 10.0.0.5:443",
            "  fid relay --idle-timeout 8h 0.0.0.0:5432 db.example.org:5432",
            "  fid relay --proxy-protocol send-v2 [::]:443 unix:///run/app.sock",
            "  fid relay --limit 10M --limit-total 100M --allow 10.0.0.0/8 0.0.0.0:80 10.0.0.5:80",
            "  fid relay --admin 127.0.0.1:9191 --access-log - :8443 10.0.0.5:443",
            "  fid relay --config /etc/fid/fid.toml"
        })
public final class RelayCommand implements Action {
    @Parameters(index = "0", arity = "0..1", paramLabel = "LISTEN", description = "Where clients come.")
    private @Nullable String listen;

    @Parameters(index = "1", arity = "0..1", paramLabel = "TO", description = "Where they are joined to.")
    private @Nullable String to;

    @Option(names = "--config", paramLabel = "FILE", description = "Many relays, from a TOML file.")
    private @Nullable Path config;

    @Option(names = "--json", description = "Says what happens as JSON lines on stdout.")
    private boolean json;

    private final RelayOptions options = new RelayOptions();

    private final Root root;

    private RelayCommand(Root root) {
        this.root = root;
    }

    /// The command with the keys of a relay as its options.
    public static CommandSpec model(Root root) {
        RelayCommand command = new RelayCommand(root);
        CommandSpec spec = CommandSpec.forAnnotatedObject(command);
        command.options.addTo(spec);
        return spec;
    }

    @Override
    public void run(Context context) throws Failure {
        if (config == null && (listen == null || to == null)) {
            throw Failure.usage("LISTEN and TO are needed, as in fid relay :8443 10.0.0.5:443, or --config FILE");
        }
        if (config != null && listen != null) {
            throw Failure.usage("either LISTEN and TO or --config FILE");
        }
        RelayConfig.Source source = config != null
                ? new RelayConfig.Source(config, options.server())
                : new RelayConfig.Source(options.relay(String.valueOf(listen), String.valueOf(to)), options.server());
        if (config != null && options.hasRelayOptions()) {
            throw Failure.usage("options of a relay stand in the file where there is one");
        }
        new RelayServer(source, context, json, root.quiet(), root.verbose()).run();
    }
}
