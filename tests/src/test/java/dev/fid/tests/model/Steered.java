package dev.fid.tests.model;

import dev.fid.model.Freedom;
import dev.fid.model.Limits;
import dev.fid.model.ModelClock;
import dev.fid.model.ModelKernel;
import dev.fid.model.Profile;
import java.util.List;

/// A model that chooses as the real kernel did, where that may choose. What a TCP socket has received is bounded by
/// the lengths that {@link Duel} asks for, so here it is always all.
final class Steered implements Freedom {
    /// Lengths of the buffers that the next splice from a socket fills.
    private List<Long> cuts = List.of();

    private long room = Long.MAX_VALUE;

    private Steered() {}

    static Differential.Subject model() {
        Steered freedom = new Steered();
        ModelKernel kernel = new ModelKernel(Profile.LINUX_6_18, Limits.USUAL, freedom, ModelClock.real());
        return new Differential.Subject(
                kernel,
                lengths -> freedom.cuts = lengths,
                bytes -> freedom.room = bytes,
                () -> kernel.ledger().overlaps());
    }

    @Override
    public long accepted(long least, long usual, long most) {
        long taken = Math.min(most, room);
        room -= taken;
        return taken;
    }

    @Override
    public long[] slots(long bytes, int free, long[] usual) {
        if (cuts.isEmpty()) {
            return usual;
        }
        // A unix socket asks for each of its buffers.
        int count = 0;
        for (long sum = 0; count < cuts.size() && sum < bytes; count++) {
            sum += cuts.get(count);
        }
        long[] chosen =
                cuts.subList(0, count).stream().mapToLong(Long::longValue).toArray();
        cuts = cuts.subList(count, cuts.size());
        return chosen;
    }

    @Override
    public boolean writable(long queued, boolean usual) {
        return true;
    }
}
