package dev.fid.probe;

import static dev.fid.kernel.Uapi.SPLICE_F_NONBLOCK;

import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Memory;
import dev.fid.kernel.Offset;
import dev.fid.kernel.Span;

/// What a reader sees of a change that came after a page was handed over, in one file system: the page is put into a
/// pipe or a socket, the file is changed, then the other end is read.
///
/// @param file where; its directory and file system
/// @param splice a page of a file in a pipe
/// @param tee the same page in a second pipe, by tee(2)
/// @param sendfile a page of a file in a TCP socket, after sendfile(2) returned
public record AliasProbe(Matrix.Kind file, Sight splice, Sight tee, Sight sendfile) {
    /// What the reader saw.
    ///
    /// @param outcome which bytes
    /// @param reason why they were refused or are not known; else empty
    public record Sight(Outcome outcome, String reason) {
        private static final Sight ALIAS = new Sight(Outcome.ALIAS, "");
        private static final Sight COPY = new Sight(Outcome.COPY, "");

        private static Sight not(Answer answer) {
            return new Sight(answer.state() == Answer.State.REFUSED ? Outcome.REFUSED : Outcome.UNKNOWN, text(answer));
        }

        private static String text(Answer answer) {
            return answer.state() == Answer.State.REFUSED ? answer.text() : answer.reason();
        }
    }

    /// The new bytes, the old ones, or none.
    public enum Outcome {
        /// The new bytes: what was handed over is a reference to the page. Fast, and aliased.
        ALIAS,
        /// The old bytes: the kernel made a copy.
        COPY,
        /// The kernel refused the call.
        REFUSED,
        /// It could not be tried.
        UNKNOWN
    }

    static AliasProbe of(Kernel kernel, Matrix.Kind file) {
        try (ProbeDescriptors samples = new ProbeDescriptors(kernel);
                Memory page = kernel.allocate(kernel.pageSize())) {
            Trial trial = new Trial(kernel, samples, page, file);
            Sight splice = trial.run(false);
            samples.drop();
            Sight tee = trial.run(true);
            samples.drop();
            return new AliasProbe(file, splice, tee, trial.sendfile());
        }
    }

    /// The same of user memory by vmsplice(2).
    static Sight memory(Kernel kernel) {
        try (ProbeDescriptors samples = new ProbeDescriptors(kernel);
                Memory page = kernel.allocate(kernel.pageSize());
                Memory lent = kernel.allocate(kernel.pageSize())) {
            int[] pipe = samples.pipe();
            lent.putByte(0, (byte) 'A');
            Span[] spans = {new Span(lent, 0, lent.size())};
            Answer answer = Answer.of(kernel.vmsplice(pipe[1], spans, SPLICE_F_NONBLOCK));
            if (!answer.works()) {
                return Sight.not(answer);
            }
            lent.putByte(0, (byte) 'B');
            return read(kernel, pipe[0], page);
        } catch (ErrnoException e) {
            return Sight.not(Answer.unknown(e));
        }
    }

    private record Trial(Kernel kernel, ProbeDescriptors samples, Memory page, Matrix.Kind file) {
        /// @param tee whether the second of two pipes is read
        Sight run(boolean tee) {
            try {
                int fd = file('A');
                int[] pipe = samples.pipe();
                long filled = kernel.splice(fd, new Offset(0), pipe[1], null, page.size(), SPLICE_F_NONBLOCK);
                if (filled <= 0) {
                    return Sight.not(Answer.of(filled));
                }
                int reader = pipe[0];
                if (tee) {
                    int[] second = samples.pipe();
                    long same = kernel.tee(pipe[0], second[1], filled, SPLICE_F_NONBLOCK);
                    if (same <= 0) {
                        return Sight.not(Answer.of(same));
                    }
                    reader = second[0];
                }
                change(fd, 'B');
                return read(kernel, reader, page);
            } catch (ErrnoException e) {
                return Sight.not(Answer.unknown(e));
            }
        }

        Sight sendfile() {
            try {
                int fd = file('A');
                int[] sockets = samples.connection();
                long sent = kernel.sendfile(fd, new Offset(0), sockets[1], page.size());
                if (sent <= 0) {
                    return Sight.not(Answer.of(sent));
                }
                change(fd, 'B');
                short[] events = new short[1];
                int readable = dev.fid.kernel.Uapi.POLLIN;
                kernel.poll(new int[] {sockets[0]}, new short[] {(short) readable}, events, 1, 1000);
                return read(kernel, sockets[0], page);
            } catch (ErrnoException e) {
                return Sight.not(Answer.unknown(e));
            }
        }

        private int file(char letter) throws ErrnoException {
            int fd = samples.file(file);
            change(fd, letter);
            return fd;
        }

        private void change(int fd, char letter) throws ErrnoException {
            for (long i = 0; i < page.size(); i++) {
                page.putByte(i, (byte) letter);
            }
            ErrnoException.check(kernel.pwrite(fd, page, 0, page.size(), 0), "pwrite", "");
        }
    }

    private static Sight read(Kernel kernel, int fd, Memory page) {
        page.putByte(0, (byte) 0);
        long read = kernel.read(fd, page, 0, page.size());
        return switch (page.getByte(0)) {
            case 'A' -> Sight.COPY;
            case 'B' -> Sight.ALIAS;
            default -> Sight.not(Answer.of(Math.min(read, 0), " to the reader"));
        };
    }
}
