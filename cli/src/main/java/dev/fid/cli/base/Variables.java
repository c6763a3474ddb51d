package dev.fid.cli.base;

import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.IDefaultValueProvider;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;

/// Options that are set once for all runs: `FID_PIPE_SIZE=1M` is `--pipe-size 1M` where that is not given. Only options
/// that say how, in every command that has them; what says which bytes (`--offset`) belongs to one run.
public final class Variables implements IDefaultValueProvider {
    private static final Set<String> OPTIONS = Set.of(
            "--block",
            "--color",
            "--consistency",
            "--fallback",
            "--fsync",
            "--interval",
            "--limit",
            "--method",
            "--pipe-size",
            "--progress",
            "--quiet",
            "--reflink",
            "--sparse",
            "--timeout",
            "--verify");

    private final Map<String, String> environment;
    private @Nullable ArgSpec asked;

    public Variables(Map<String, String> environment) {
        this.environment = environment;
    }

    /// The variable of an option, or null where it has none.
    public static @Nullable String of(ArgSpec arg) {
        return arg instanceof OptionSpec option && OPTIONS.contains(option.longestName())
                ? "FID" + option.longestName().substring(1).replace('-', '_').toUpperCase(Locale.ROOT)
                : null;
    }

    @Override
    public @Nullable String defaultValue(ArgSpec arg) {
        String variable = of(arg);
        String value = variable == null ? null : environment.get(variable);
        if (value == null || value.isEmpty()) {
            return null;
        }
        asked = arg;
        boolean isSwitch = arg.arity().max() == 0;
        return isSwitch ? truth(value) : value;
    }

    private static String truth(String value) {
        return switch (value) {
            case "1", "yes" -> "true";
            case "0", "no" -> "false";
            default -> value;
        };
    }

    /// Whether a value that could not be understood came from here: picocli asks for defaults one by one, once all
    /// arguments are read.
    boolean gave(@Nullable ArgSpec arg) {
        return arg != null && arg.equals(asked);
    }
}
