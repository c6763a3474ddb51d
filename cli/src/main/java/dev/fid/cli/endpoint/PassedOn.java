package dev.fid.cli.endpoint;

import java.util.List;
import java.util.Map;

/// Descriptors that a service manager passed on by name: `fd://NAME`. Source: sd_listen_fds_with_names(3),
/// LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES.
final class PassedOn {
    private static final int FIRST = 3; // SD_LISTEN_FDS_START

    private PassedOn() {}

    /// The number that `body` names.
    ///
    /// @throws IllegalArgumentException where there is none of that name, or it was meant for another process
    static int number(String text, String body, Map<String, String> environment) {
        if (body.matches("[0-9]*")) {
            return Endpoint.number(text, body, Integer.MAX_VALUE);
        }
        String pid = environment.getOrDefault("LISTEN_PID", "");
        if (pid.isEmpty()) {
            throw new IllegalArgumentException(text + ": no descriptors were passed on by name (LISTEN_FDNAMES)");
        }
        if (!pid.equals(Long.toString(ProcessHandle.current().pid()))) {
            throw new IllegalArgumentException(
                    text + ": the descriptors of LISTEN_FDNAMES are for process " + pid + ", not for this one");
        }
        String count = environment.getOrDefault("LISTEN_FDS", "");
        int most = count.matches("[0-9]{1,9}") ? Integer.parseInt(count) : 0;
        List<String> names =
                List.of(environment.getOrDefault("LISTEN_FDNAMES", "").split(":", -1));
        int index = names.subList(0, Math.min(most, names.size())).indexOf(body);
        if (index < 0) {
            throw new IllegalArgumentException(
                    text + ": no descriptor has that name (LISTEN_FDNAMES: " + String.join(", ", names) + ")");
        }
        return FIRST + index;
    }
}
