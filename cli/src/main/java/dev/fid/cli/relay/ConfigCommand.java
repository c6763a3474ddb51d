package dev.fid.cli.relay;

import dev.fid.cli.base.Action;
import dev.fid.cli.base.Context;
import dev.fid.cli.base.Failure;
import dev.fid.cli.base.Suggest;
import dev.fid.kernel.Name;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/// `fid config check|show|init FILE`.
@Command(
        name = "config",
        description = {
            "Checks, shows or begins a relay's configuration file.",
            "check says what is wrong with it, all of it at once; show prints every value and whether it comes from the",
            "file or is the default; init prints a sample.",
            ""
        },
        footer = {
            "",
            "Examples:",
            "  fid config init > fid.toml",
            "  fid config check fid.toml",
            "  fid config show fid.toml"
        })
public final class ConfigCommand implements Action {
    @Parameters(index = "0", paramLabel = "ORDER", description = "check, show or init.")
    private String order = "";

    @Parameters(index = "1", arity = "0..1", paramLabel = "FILE", description = "A TOML file, for check and show.")
    private @Nullable Path file;

    @Override
    public void run(Context context) throws Failure {
        List<String> orders = List.of("check", "show", "init");
        if (!orders.contains(order)) {
            String near = Suggest.nearest(order, orders);
            throw Failure.usage("'" + order + "' is no order (use check, show, init)"
                    + (near == null ? "" : "; did you mean '" + near + "'?"));
        }
        Path path = file;
        if (order.equals("init")) {
            context.console().print(sample());
            return;
        }
        if (path == null) {
            throw Failure.usage(order + " needs a FILE");
        }
        RelayConfig.Whole whole = RelayFile.read(path);
        context.console()
                .print(
                        order.equals("show")
                                ? show(whole, path)
                                : Name.of(path) + ": good, " + whole.relays().size()
                                        + (whole.relays().size() == 1 ? " relay\n" : " relays\n"));
    }

    private static String show(RelayConfig.Whole whole, Path path) {
        StringBuilder text = new StringBuilder();
        lines(text, RelayKeys.SERVER, whole.server(), path);
        for (RelayConfig.Table relay : whole.relays()) {
            text.append("\n[[relay]]\n");
            lines(text, RelayKeys.RELAY, relay, path);
        }
        return text.toString();
    }

    private static void lines(StringBuilder text, Map<String, RelayKeys.Key> keys, RelayConfig.Table table, Path path) {
        keys.forEach((key, meaning) -> {
            boolean given = table.values().containsKey(key);
            String line = key + " = \"" + table.get(key) + "\"";
            text.append(line)
                    .append(" ".repeat(Math.max(1, 44 - line.length())))
                    .append(given ? "# " + Name.of(path) : "# default")
                    .append('\n');
        });
    }

    private static String sample() {
        StringBuilder text = new StringBuilder("# fid relay --config FILE; fid config check FILE\n\n");
        comments(text, RelayKeys.SERVER);
        text.append("\n[[relay]]\nname = \"db\"\nlisten = \"127.0.0.1:5433\"\nto = \"127.0.0.1:5432\"\n");
        RelayKeys.RELAY.forEach((key, meaning) -> {
            if (!List.of("name", "listen", "to").contains(key)) {
                comment(text, key, meaning);
            }
        });
        return text.toString();
    }

    private static void comments(StringBuilder text, Map<String, RelayKeys.Key> keys) {
        keys.forEach((key, meaning) -> comment(text, key, meaning));
    }

    private static void comment(StringBuilder text, String key, RelayKeys.Key meaning) {
        String line = "# " + key + " = \"" + meaning.usual() + "\"";
        text.append(line).append(" ".repeat(Math.max(1, 36 - line.length())));
        text.append("# ").append(meaning.meaning()).append('\n');
    }
}
