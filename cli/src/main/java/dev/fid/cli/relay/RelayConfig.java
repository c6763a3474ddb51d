package dev.fid.cli.relay;

import dev.fid.cli.base.Failure;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What relays and the process that runs them are set to, from options or from a file; values are text until they are
/// asked for.
final class RelayConfig {
    private RelayConfig() {}

    /// Where the configuration comes from: options alone, or a file whose top-level keys options override.
    record Source(@Nullable Path file, @Nullable Table relay, Table server) {
        Source(Path file, Table server) {
            this(file, null, server);
        }

        Source(Table relay, Table server) {
            this(null, relay, server);
        }

        /// Reads it, once more each time.
        Whole read() throws Failure {
            Path from = file;
            Table alone = relay;
            if (from == null && alone != null) {
                alone.check();
                server.check();
                return new Whole(List.of(alone), server);
            }
            Whole whole = RelayFile.read(java.util.Objects.requireNonNull(from));
            server.check();
            Map<String, String> merged = new LinkedHashMap<>(whole.server().values());
            merged.putAll(server.values());
            return new Whole(whole.relays(), new Table(merged));
        }
    }

    /// All of it.
    record Whole(List<Table> relays, Table server) {}

    /// Keys with their values.
    record Table(Map<String, String> values) {
        /// The value or the default; empty where there is neither.
        String get(String key) {
            return values.getOrDefault(key, RelayKeys.usual(key));
        }

        /// Options that a user typed.
        void check() throws Failure {
            for (Map.Entry<String, String> each : values.entrySet()) {
                try {
                    RelayValues.check(each.getKey(), each.getValue());
                } catch (IllegalArgumentException e) {
                    boolean place =
                            each.getKey().equals("listen") || each.getKey().equals("to");
                    throw Failure.usage((place ? "" : "--" + each.getKey() + ": ") + e.getMessage());
                }
            }
        }
    }
}
