package dev.fid.transfer;

import dev.fid.Declined;
import dev.fid.Method;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/// What a transfer did, and how: nothing falls back in silence.
///
/// @param bytes arrived at the output
/// @param method what moved the most of them; the first of the plan where there was nothing to move
/// @param byMethod bytes by method; more than one entry where a method gave up in the middle
/// @param declined the methods that the plan or the kernel ruled out, in order
/// @param calls system calls made, by name
/// @param userBytes bytes that passed through user space: read or checksummed there
/// @param nanos from start to end
public record Moved(
        long bytes,
        Method method,
        Map<Method, Long> byMethod,
        List<Declined> declined,
        Map<String, Long> calls,
        long userBytes,
        long nanos) {

    /// One line, e.g. `4096 bytes by sendfile in 2 calls; 0 through user space`.
    @Override
    public String toString() {
        long made = calls.values().stream().mapToLong(Long::longValue).sum();
        return bytes + " bytes by " + method + " in " + made + " calls; " + userBytes + " through user space"
                + declined.stream().map(d -> "; not " + d).collect(Collectors.joining());
    }
}
