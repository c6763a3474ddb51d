package dev.fid.bench.trace;

import dev.fid.Declined;
import dev.fid.Fd;
import dev.fid.Method;
import dev.fid.fanout.Fanout;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Memory;
import dev.fid.transfer.Moved;
import dev.fid.transfer.Transfer;
import java.io.IOException;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// A program that moves the bytes of a stage's input to its outputs.
interface Way {
    /// What it tells of itself.
    ///
    /// @param method the method's name
    /// @param bytes that it moved, to each output
    /// @param notes what the plan or the kernel refused on the way, and what else is worth knowing
    record Told(String method, long bytes, List<String> notes) {
        static Told of(Method method, long bytes, List<Declined> declined) {
            return new Told(
                    method.toString(),
                    bytes,
                    declined.stream().map(no -> "not " + no).toList());
        }

        static Told of(Moved moved) {
            return of(moved.method(), moved.bytes(), moved.declined());
        }
    }

    Told move(Stage stage, Stage.End in, List<Stage.End> outs, long length) throws IOException;

    /// Fid's engine; null leaves the choice to its plan. Memory is lent.
    static Way transfer(@Nullable Method method) {
        return (stage, in, outs, length) -> {
            Stage.End out = outs.getFirst();
            if (in.place == Place.MEMORY) {
                return method == Method.READ_WRITE ? written(stage, out, length) : lent(stage, out.fd, length);
            }
            Transfer transfer = Transfer.from(in.fd).to(out.fd).method(method);
            return Told.of((in.place == Place.ZERO ? transfer.length(length) : transfer).run());
        };
    }

    private static Told lent(Stage stage, Fd out, long length) throws IOException {
        try (Memory memory = stage.memory(length)) {
            return Told.of(Transfer.lend(memory, 0, length, out));
        }
    }

    /// What lending is instead of: write(2) of the same memory.
    private static Told written(Stage stage, Stage.End out, long length) throws IOException {
        try (Memory memory = stage.memory(length)) {
            Kernel kernel = stage.kernel();
            for (long done = 0; done < length; ) {
                long written = kernel.write(out.fd.number(), memory, done, length - done);
                if (written > 0) {
                    done += written;
                } else {
                    kernel.poll(
                            new int[] {out.fd.number()},
                            new short[] {dev.fid.kernel.Uapi.POLLOUT},
                            new short[1],
                            1,
                            -1);
                }
            }
            return new Told("write", length, List.of());
        }
    }

    /// Fid's fan-out: tee, or read once and write to each.
    static Way fanout(Method method) {
        return (stage, in, outs, length) -> {
            Fd[] fds = outs.stream().map(out -> out.fd).toArray(Fd[]::new);
            Fanout.Result result = Fanout.from(in.fd).to(fds).method(method).run();
            for (Fanout.Branch branch : result.branches()) {
                if (branch.failure() != null) {
                    throw branch.failure();
                }
            }
            return Told.of(result.method(), result.bytes(), result.declined());
        };
    }

    /// A program of the articles.
    interface Program {
        long run(Kernel kernel, int in, int out, long length) throws IOException;
    }

    static Way program(String method, Program program) {
        return (stage, in, outs, length) -> {
            int out = outs.getFirst().fd.number();
            long bytes = program.run(stage.kernel(), in.fd.number(), out, length);
            return new Told(method, bytes, List.of());
        };
    }

    /// The same way, with somebody who changes the source when the bytes were sent and nobody has read them.
    static Way changed(Way way, String whatChanges) {
        return (stage, in, outs, length) -> {
            Told told = way.move(stage, in, outs, length);
            stage.change(in, length);
            byte[] seen = stage.seen(outs.getFirst());
            boolean shows = seen[0] == '!';
            String note = shows
                    ? "the reader got " + whatChanges + " the bytes that were stored after they had been sent"
                    : "the reader got the bytes as they were sent: what was stored later does not show";
            List<String> notes =
                    Stream.concat(told.notes().stream(), Stream.of(note)).toList();
            return new Told(told.method(), told.bytes(), notes);
        };
    }
}
