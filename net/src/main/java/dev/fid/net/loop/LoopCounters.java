package dev.fid.net.loop;

import dev.fid.link.Lane;
import dev.fid.net.Ending;
import java.util.EnumMap;
import java.util.Map;
import java.util.TreeMap;

/// What one branch counted. For its loop's thread; a copy may go anywhere.
public final class LoopCounters {
    /// The two directions: from the client to the upstream, and back.
    public static final int THERE = 0;

    public static final int BACK = 1;

    public long accepted;
    public long joined;
    public long preconnected;
    /// Connections to the upstream that wait for a client.
    public long spares;
    public long open;
    public long pauses;
    /// How often all addresses of the upstream were asked once more.
    public long connectRetries;
    public final long[] spliced = new long[2];
    public final long[] copied = new long[2];
    public long calls;
    public long splices;
    public long emptyInput;
    public long fullOutput;
    public long spliceTrials;
    public long copyTrials;
    public final Map<Ending, Long> endings = new EnumMap<>(Ending.class);
    public final Map<String, Long> acceptErrors = new TreeMap<>();
    public final Map<String, Long> connectErrors = new TreeMap<>();
    public final Map<String, Long> fallbacks = new TreeMap<>();
    /// Why a PROXY header was not taken.
    public final Map<String, Long> headerErrors = new TreeMap<>();
    public final Histogram connecting = new Histogram();
    public final Histogram firstByte = new Histogram();

    public void lane(Lane lane, int direction) {
        spliced[direction] += lane.spliced();
        copied[direction] += lane.moved() - lane.spliced();
        calls += lane.calls();
        splices += lane.splices();
        emptyInput += lane.emptyInput();
        fullOutput += lane.fullOutput();
        spliceTrials += lane.spliceTrials();
        copyTrials += lane.copyTrials();
    }

    public void add(LoopCounters other) {
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

    public Map<String, Long> acceptErrors() {
        return acceptErrors;
    }

    public Map<String, Long> connectErrors() {
        return connectErrors;
    }

    public Map<String, Long> fallbacks() {
        return fallbacks;
    }

    public Map<String, Long> headerErrors() {
        return headerErrors;
    }

    public long ended(Ending how) {
        return endings.getOrDefault(how, 0L);
    }
}
