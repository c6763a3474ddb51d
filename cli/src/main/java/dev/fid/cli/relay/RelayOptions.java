package dev.fid.cli.relay;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/// The keys of a relay as options of `fid relay`.
final class RelayOptions {
    private final Map<String, OptionSpec> options = new LinkedHashMap<>();
    private @Nullable CommandSpec command;

    /// Gives the options to the command.
    void addTo(CommandSpec spec) {
        command = spec;
        add(spec, RelayKeys.RELAY_OPTIONS);
        add(spec, RelayKeys.SERVER_OPTIONS);
    }

    private void add(CommandSpec spec, List<RelayKeys.Key> keys) {
        for (RelayKeys.Key key : keys) {
            OptionSpec.Builder option = OptionSpec.builder("--" + key.name()).description(key.help());
            if (key.isSwitch()) {
                option.type(boolean.class).arity("0");
            } else if (key.isList()) {
                option.type(List.class)
                        .auxiliaryTypes(String.class)
                        .splitRegex(",")
                        .paramLabel(key.label().substring(0, key.label().length() - 1));
            } else {
                option.type(String.class).paramLabel(key.label());
            }
            OptionSpec built = option.build();
            options.put(key.name(), built);
            spec.addOption(built);
        }
    }

    /// Whether the user gave an option of a relay; variables of the environment do not count.
    boolean hasRelayOptions() {
        return command != null
                && RelayKeys.RELAY_OPTIONS.stream()
                        .anyMatch(key -> command.commandLine().getParseResult().hasMatchedOption("--" + key.name()));
    }

    RelayConfig.Table relay(String listen, String to) {
        Map<String, String> given = values(RelayKeys.RELAY_OPTIONS);
        given.put("listen", listen);
        given.put("to", to);
        return new RelayConfig.Table(given);
    }

    RelayConfig.Table server() {
        return new RelayConfig.Table(values(RelayKeys.SERVER_OPTIONS));
    }

    private Map<String, String> values(List<RelayKeys.Key> keys) {
        Map<String, String> given = new LinkedHashMap<>();
        for (RelayKeys.Key key : keys) {
            OptionSpec option = options.get(key.name());
            String text = option == null ? null : text(option.getValue());
            if (text != null) {
                given.put(key.name(), text);
            }
        }
        return given;
    }

    private static @Nullable String text(@Nullable Object value) {
        return switch (value) {
            case String text -> text;
            case Boolean isSet -> isSet ? "true" : null;
            case List<?> items ->
                String.join(",", items.stream().map(String::valueOf).toList());
            case null, default -> null;
        };
    }
}
