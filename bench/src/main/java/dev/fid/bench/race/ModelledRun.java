package dev.fid.bench.race;

import dev.fid.bench.bed.Bed;
import dev.fid.bench.bed.BedEnd;
import dev.fid.bench.measure.Content;
import dev.fid.bench.measure.Processors;
import dev.fid.bench.measure.Stopwatch;
import dev.fid.bench.result.Modelled;
import dev.fid.bench.way.Contender;
import dev.fid.bench.way.Runner;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Memory;
import dev.fid.kernel.Uapi;
import dev.fid.model.ModelKernel;
import dev.fid.model.Profile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// Finds out what {@link Modelled} says, on the model of the kernel.
public final class ModelledRun {
    private static final long BYTES = 4 << 20;
    private static final Path SOURCE = Path.of("/tmp/source");

    private ModelledRun() {}

    /// A contender's way on the model; null where it does not go by way of a `Kernel`, or goes another way there.
    public static @Nullable Modelled of(Contender contender, Bed bed, Runner.Outcome measured) {
        boolean through = switch (contender.kind()) {
            case FID, AGAIN, METHOD, BLOCK -> true;
            case C, JDK, TOOL -> false;
        };
        if (!through || (measured.told() == null && measured.counted() == null)) {
            return null;
        }
        try {
            return run(contender.way(), bed, measured);
        } catch (IOException | RuntimeException e) {
            System.getLogger("dev.fid.bench").log(System.Logger.Level.DEBUG, contender.name() + " on the model", e);
            return null; // the model does not have all of Linux
        }
    }

    private static @Nullable Modelled run(Runner way, Bed bed, Runner.Outcome measured) throws IOException {
        ModelKernel model = new ModelKernel(Profile.LINUX_6_18);
        long bytes = Math.min(BYTES, bed.content().length());
        long period = Math.min(bytes, bed.content().period());
        write(model, period);
        BedEnd.Kind[] outs = bed.outs().stream().map(BedEnd::kind).toArray(BedEnd.Kind[]::new);
        try (Bed copy = new Bed(
                        model,
                        Path.of("/tmp"),
                        new Content(SOURCE, period, bytes),
                        Processors.ANY.ends(),
                        bed.in().kind(),
                        outs);
                Stopwatch watch = new Stopwatch(model)) {
            copy.begin(Bed.Sink.DISCARD); // which copies nothing: what is copied, the mover's calls copy
            long before = model.ledger().total().copied();
            Runner.Outcome outcome;
            try {
                outcome = way.move(copy, watch);
                copy.end();
            } finally {
                copy.abort();
            }
            Runner.Told told = outcome.told();
            Runner.Told really = measured.told();
            if (told != null && really != null && told.method() != really.method()) {
                return null;
            }
            Runner.Counted counted = outcome.counted();
            long calls = told != null ? told.sum() : counted == null ? -1 : counted.calls();
            double copied = (model.ledger().total().copied() - before) / (double) bytes;
            // A peer's acknowledgement is copied, too: what is less than a thousandth is not about the bytes.
            return new Modelled(Math.round(1000 * copied) / 1000.0, calls / (bytes / (double) (1 << 20)));
        }
    }

    private static void write(Kernel model, long bytes) throws IOException {
        byte[] path = SOURCE.toString().getBytes(StandardCharsets.UTF_8);
        int fd = model.openat(Uapi.AT_FDCWD, path, Uapi.O_WRONLY | Uapi.O_CREAT, 0600);
        try (Memory memory = model.allocate(bytes)) {
            for (long at = 0; at < bytes; ) {
                long written = model.write(fd, memory, at, bytes - at);
                if (written <= 0) {
                    throw new IOException("write on the model gave " + written);
                }
                at += written;
            }
        } finally {
            model.close(fd);
        }
    }
}
