package dev.fid.net;

import dev.fid.Lane;
import java.util.EnumMap;
import java.util.Map;
import java.util.TreeMap;

/// What one branch counted. For its loop's thread; a copy may go anywhere.
final class Tally {
    /// The two directions: from the client to the upstream, and back.
    static final int THERE = 0;

    static final int BACK = 1;

    long accepted;
    long joined;
    long preconnected;
    /// Connections to the upstream that wait for a client.
    long spares;
    long open;
    long pauses;
    /// How often all addresses of the upstream were asked once more.
    long connectRetries;
    final long[] spliced = new long[2];
    final long[] copied = new long[2];
    long calls;
    long splices;
    long emptyInput;
    long fullOutput;
    long spliceTrials;
    long copyTrials;
    final Map<Ending, Long> endings = new EnumMap<>(Ending.class);
    final Map<String, Long> acceptErrors = new TreeMap<>();
    final Map<String, Long> connectErrors = new TreeMap<>();
    final Map<String, Long> fallbacks = new TreeMap<>();
    /// Why a PROXY header was not taken.
    final Map<String, Long> headerErrors = new TreeMap<>();
    final Times connecting = new Times();
    final Times firstByte = new Times();

    void lane(Lane lane, int direction) {
        spliced[direction] += lane.spliced();
        copied[direction] += lane.moved() - lane.spliced();
        calls += lane.calls();
        splices += lane.splices();
        emptyInput += lane.emptyInput();
        fullOutput += lane.fullOutput();
        spliceTrials += lane.spliceTrials();
        copyTrials += lane.copyTrials();
    }

    void add(Tally other) {
        accepted += other.accepted;
        joined += other.joined;
        preconnected += other.preconnected;
        spares += other.spares;
        open += other.open;
        pauses += other.pauses;
        connectRetries += other.connectRetries;
        for (int i = 0; i < 2; i++) {
            spliced[i] += other.spliced[i];
            copied[i] += other.copied[i];
        }
        calls += other.calls;
        splices += other.splices;
        emptyInput += other.emptyInput;
        fullOutput += other.fullOutput;
        spliceTrials += other.spliceTrials;
        copyTrials += other.copyTrials;
        other.endings.forEach((key, value) -> endings.merge(key, value, Long::sum));
        other.acceptErrors.forEach((key, value) -> acceptErrors.merge(key, value, Long::sum));
        other.connectErrors.forEach((key, value) -> connectErrors.merge(key, value, Long::sum));
        other.fallbacks.forEach((key, value) -> fallbacks.merge(key, value, Long::sum));
        other.headerErrors.forEach((key, value) -> headerErrors.merge(key, value, Long::sum));
        connecting.add(other.connecting);
        firstByte.add(other.firstByte);
    }

    Map<String, Long> acceptErrors() {
        return acceptErrors;
    }

    Map<String, Long> connectErrors() {
        return connectErrors;
    }

    Map<String, Long> fallbacks() {
        return fallbacks;
    }

    Map<String, Long> headerErrors() {
        return headerErrors;
    }

    long ended(Ending how) {
        return endings.getOrDefault(how, 0L);
    }
}
