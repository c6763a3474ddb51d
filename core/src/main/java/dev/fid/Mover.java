package dev.fid;

import static dev.fid.Tally.Call.*;
import static dev.fid.kernel.Uapi.*;

import dev.fid.kernel.Errno;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Memory;
import dev.fid.kernel.Offset;
import dev.fid.kernel.Stat;
import org.jspecify.annotations.Nullable;

/// One method at work: takes bytes from the input and gives them to the output, as far as that goes without
/// waiting.
///
/// {@link #move} answers like a system call. A mover decides nothing: who waits, who steps down the ladder and
/// what is an error is {@link Transfer}'s business.
abstract sealed class Mover implements AutoCloseable {
    final Course course;
    final Kernel kernel;
    /// The call that gave the last result.
    Tally.Call call = SPLICE;
    /// The side that the last result is about; NONE where the call does not tell.
    Side side = Side.NONE;

    Mover(Course course) {
        this.course = course;
        this.kernel = course.kernel();
    }

    /// Moves up to `len` bytes. Returns the bytes that arrived at the output, 0 when the input seems to have
    /// ended, or `-errno`; `-EAGAIN` when {@link #side} is not ready.
    abstract long move(long len);

    /// Bytes taken from the input that have not arrived.
    long pending() {
        return 0;
    }

    /// Starts a run of bytes elsewhere in both files: nothing to forget unless the mover keeps positions of its
    /// own.
    void seek() {}

    /// A mover that delivers the pending bytes of this one by read and write, and then the rest.
    ReadWrite continued() {
        return new ReadWrite(course, null, 0);
    }

    @Override
    public void close() {}

    /// The side that keeps a splice between two streams from going on: EAGAIN itself does not say. The input, if
    /// it has nothing to give; else the output.
    final Side blamed() {
        if (course.in().kindOrOther().isSeekable()) {
            return Side.OUT;
        }
        if (course.out().kindOrOther().isSeekable()) {
            return Side.IN;
        }
        return course.readiness().isReady(course.in(), (short) POLLIN) ? Side.OUT : Side.IN;
    }

    /// The mover of a method.
    ///
    /// @param refusal learns why no pipe could be had; the result is null then
    static @Nullable Mover of(Method method, Course course, PipeBudget.Refusal refusal) {
        return switch (method) {
            case REFLINK -> new Reflink(course);
            case COPY_FILE_RANGE, SENDFILE, SPLICE -> new Direct(method, course);
            case SPLICE_THROUGH_PIPE -> {
                Pipe pipe = PipeBudget.of(course.kernel()).tryOpen(course.pipeCapacity(), refusal);
                yield pipe == null ? null : new ThroughPipe(course, pipe);
            }
            case MMAP -> new Mapped(course, Long.MAX_VALUE);
            case MMAP_SEGMENTS -> new Mapped(course, Course.CHUNK);
            case READ_WRITE -> new ReadWrite(course, null, 0);
            case TEE, VMSPLICE -> throw new IllegalArgumentException(method + " moves nothing from one to another");
        };
    }

    /// Shares the extents of the rest of the input.
    static final class Reflink extends Mover {
        Reflink(Course course) {
            super(course);
            call = FICLONE;
        }

        @Override
        long move(long len) {
            Stat stat = new Stat();
            int in = course.in().number();
            int out = course.out().number();
            int result = kernel.fstat(in, stat);
            long offIn = position(in, course.offIn());
            long offOut = position(out, course.offOut());
            if (result < 0 || offIn < 0 || offOut < 0) {
                return Math.min(result, Math.min(offIn, offOut));
            }
            long rest = stat.size - offIn;
            if (rest <= 0) {
                return 0;
            }
            course.tally().count(FICLONE);
            // A length of 0 means to the end: the only one that need not be a multiple of the block size.
            result = kernel.ficlonerange(in, offIn, len >= rest ? 0 : len, out, offOut);
            if (result < 0) {
                return result;
            }
            long moved = Math.min(len, rest);
            // A position that did not move alone would give the same bytes once more: both move, or none.
            int refused = advance(in, course.offIn(), moved);
            if (refused == 0) {
                refused = advance(out, course.offOut(), moved);
                if (refused < 0) {
                    advance(in, course.offIn(), -moved);
                }
            }
            return refused < 0 ? refused : moved;
        }

        private long position(int fd, @Nullable Offset offset) {
            return offset == null ? kernel.lseek(fd, 0, SEEK_CUR) : offset.value;
        }

        private int advance(int fd, @Nullable Offset offset, long moved) {
            if (offset == null) {
                return (int) Math.min(0, kernel.lseek(fd, moved, SEEK_CUR));
            }
            offset.value += moved;
            return 0;
        }
    }

    /// One call from input to output: splice, sendfile, copy_file_range.
    static final class Direct extends Mover {
        private final Method method;

        Direct(Method method, Course course) {
            super(course);
            this.method = method;
        }

        @Override
        long move(long len) {
            int in = course.in().number();
            int out = course.out().number();
            long result = switch (method) {
                case COPY_FILE_RANGE -> {
                    call = COPY_FILE_RANGE;
                    yield kernel.copyFileRange(in, course.offIn(), out, course.offOut(), len, 0);
                }
                case SENDFILE -> {
                    call = SENDFILE;
                    yield kernel.sendfile(in, course.offIn(), out, len);
                }
                default -> {
                    call = SPLICE;
                    yield kernel.splice(in, course.offIn(), out, course.offOut(), len, SPLICE_F_NONBLOCK);
                }
            };
            course.tally().count(call);
            side = result == -Errno.EAGAIN ? method == Method.SPLICE ? blamed() : Side.OUT : Side.NONE;
            return side == Side.OUT && course.out().kindOrOther() == FdKind.PIPE && hasEnded() ? 0 : result;
        }

        /// A full pipe says EAGAIN before the input is looked at. Bytes that fill it to the last slot would then
        /// keep the transfer waiting for a reader, who may come only after it.
        private boolean hasEnded() {
            int in = course.in().number();
            FdKind kind = course.in().kindOrOther();
            if (kind.isStream()) {
                short[] is = new short[1];
                kernel.poll(new int[] {in}, new short[] {POLLIN | POLLRDHUP}, is, 1, 0);
                return kind == FdKind.PIPE
                        ? (is[0] & (POLLIN | POLLHUP)) == POLLHUP
                        : (is[0] & POLLRDHUP) != 0 && kernel.fionread(in) == 0;
            }
            Offset offIn = course.offIn();
            Stat stat = new Stat();
            return kind == FdKind.FILE
                    && kernel.fstat(in, stat) == 0
                    && stat.size <= (offIn == null ? kernel.lseek(in, 0, SEEK_CUR) : offIn.value);
        }
    }

    /// Two splices, through a pipe of our own. The pipe is filled only when it is empty, so an EAGAIN of the
    /// first can only be the input's, and one of the second only the output's.
    static final class ThroughPipe extends Mover {
        private final Pipe pipe;
        private @Nullable Tap tap;
        private boolean handedOn;

        ThroughPipe(Course course, Pipe pipe) {
            super(course);
            this.pipe = pipe;
            try {
                tap = course.digest() == null ? null : new Tap(course);
            } catch (RuntimeException | Error e) {
                pipe.close();
                throw e;
            }
        }

        @Override
        long move(long len) {
            call = SPLICE;
            if (pipe.buffered() == 0) {
                side = Side.IN;
                course.tally().count(SPLICE);
                long filled = pipe.fillOnce(course.in(), course.offIn(), len);
                if (filled <= 0) {
                    return filled;
                }
            }
            long ready = pipe.buffered();
            if (tap != null) {
                ready = tap.sum(pipe);
                if (ready < 0) {
                    call = TEE;
                    side = Side.NONE;
                    return ready;
                }
            }
            side = Side.OUT;
            course.tally().count(SPLICE);
            boolean more = course.in().kindOrOther() == FdKind.FILE && len > pipe.buffered();
            long drained = pipe.drainOnce(course.out(), course.offOut(), ready, more);
            if (tap != null) {
                tap.spend(Math.max(0, drained));
            }
            // A pipe that holds bytes never drains 0 of them, unless the kernel lies: then nothing is known any more.
            return drained == 0 ? -Errno.EIO : drained;
        }

        /// The sum cannot be made here, but the bytes are all in the pipe: another method may read and sum them.
        boolean lacksTap() {
            return call == TEE && tap != null && !tap.isBroken();
        }

        /// The sum of what is in the pipe was begun and cannot be finished: the transfer cannot go on by any
        /// means.
        boolean hasBrokenSum() {
            return tap != null && tap.isBroken();
        }

        @Override
        long pending() {
            return handedOn ? 0 : pipe.buffered();
        }

        @Override
        ReadWrite continued() {
            ReadWrite next = new ReadWrite(course, pipe, tap == null ? 0 : tap.ahead());
            handedOn = true;
            return next;
        }

        @Override
        public void close() {
            if (!handedOn) {
                pipe.close();
            }
            if (tap != null) {
                tap.close();
            }
        }
    }

    /// read(2) and write(2) through one buffer. Sockets are asked not to wait by the call itself, since a
    /// borrowed one may be in blocking mode.
    static final class ReadWrite extends Mover {
        private final Memory buffer;
        private @Nullable Pipe first;
        private long ahead;
        private int from;
        private int to;

        /// @param first a pipe to read out before the input, and to close; or null
        /// @param ahead bytes to come that the digest has seen already
        ReadWrite(Course course, @Nullable Pipe first, long ahead) {
            super(course);
            this.first = first;
            this.ahead = ahead;
            this.buffer = kernel.allocate(course.block());
        }

        @Override
        long move(long len) {
            if (from == to) {
                long read = readSome(len);
                if (read <= 0) {
                    return read;
                }
                from = 0;
                to = (int) read;
                course.tally().userBytes += read;
            }
            side = Side.OUT;
            call = WRITE;
            course.tally().count(WRITE);
            long written = write(to - from);
            if (written == 0) {
                return -Errno.EIO; // write(2) of more than 0 bytes never gives 0
            }
            if (written > 0) {
                sum(written);
                from += (int) written;
            }
            return written;
        }

        private void sum(long written) {
            Digest digest = course.digest();
            long known = Math.min(ahead, written);
            ahead -= known;
            if (digest != null && written > known) {
                digest.update(buffer, from + known, written - known);
            }
        }

        private long readSome(long len) {
            side = Side.IN;
            call = READ;
            course.tally().count(READ);
            long most = Math.min(len, course.block());
            Pipe before = first;
            if (before != null) {
                if (before.buffered() > 0) {
                    long read = before.readOnce(buffer, 0, Math.min(course.block(), before.buffered()));
                    // It is ours and holds bytes: it has neither ended, nor is there anything to wait for.
                    return read == 0 ? -Errno.EIO : read == -Errno.EAGAIN ? -Errno.EINTR : read;
                }
                before.close();
                first = null;
            }
            return Reading.once(course, buffer, most);
        }

        private long write(int len) {
            int out = course.out().number();
            Offset at = course.offOut();
            if (at != null) {
                long written = kernel.pwrite(out, buffer, from, len, at.value);
                at.value += Math.max(0, written);
                return written;
            }
            FdKind kind = course.out().kindOrOther();
            if (kind.isSocket()) {
                return kernel.send(out, buffer, from, len, MSG_DONTWAIT | MSG_NOSIGNAL);
            }
            // After POLLOUT a pipe takes PIPE_BUF bytes without waiting, whoever set its mode. Source: pipe(7)
            boolean shared = kind == FdKind.PIPE && !course.out().isOwned();
            return kernel.write(out, buffer, from, shared ? Math.min(len, 4096) : len);
        }

        /// Puts bytes that a probing read took from the input first.
        void preload(Memory source, int len) {
            source.copyTo(0, buffer, 0, len);
            from = 0;
            to = len;
        }

        @Override
        long pending() {
            Pipe before = first;
            return to - from + (before == null ? 0 : before.buffered());
        }

        @Override
        public void close() {
            buffer.close();
            Pipe before = first;
            if (before != null) {
                before.close();
            }
        }
    }

    /// write(2) from a mapping of the input. A page that was cut off meanwhile makes the write say EFAULT, where
    /// touching it ourselves would raise SIGBUS.
    static final class Mapped extends Mover {
        private final long window;
        private @Nullable Memory mapped;
        private long mappedAt;
        private long mappedLength;
        /// Where the next byte is, once some were written; -1 before, or where an offset tells.
        private long stands = -1;

        Mapped(Course course, long window) {
            super(course);
            this.window = window;
        }

        @Override
        long move(long len) {
            int in = course.in().number();
            Offset offIn = course.offIn();
            long at = offIn != null ? offIn.value : stands >= 0 ? stands : kernel.lseek(in, 0, SEEK_CUR);
            Stat stat = new Stat();
            int status = kernel.fstat(in, stat);
            if (at < 0 || status < 0) {
                return Math.min(at, status);
            }
            if (at >= stat.size) {
                // The read(2) that confirms the end goes by the position.
                return stands < 0 ? 0 : Math.min(0, kernel.lseek(in, stands, SEEK_SET));
            }
            Memory memory = mapped;
            if (memory == null || at < mappedAt || at >= mappedAt + mappedLength) {
                long result = map(at, stat.size);
                if (result < 0) {
                    return result;
                }
                memory = kernel.memory(result, mappedLength);
                mapped = memory;
            }
            side = Side.OUT;
            call = WRITE;
            course.tally().count(WRITE);
            long most = Math.min(Math.min(len, Course.CHUNK), mappedAt + mappedLength - at);
            long written = write(memory, at - mappedAt, most);
            if (written > 0) {
                if (offIn == null) {
                    stands = at + written;
                    kernel.lseek(in, stands, SEEK_SET);
                } else {
                    offIn.value += written;
                }
            }
            return written == 0 ? -Errno.EIO : written;
        }

        private long write(Memory memory, long from, long len) {
            Offset at = course.offOut();
            if (at == null) {
                return kernel.write(course.out().number(), memory, from, len);
            }
            long written = kernel.pwrite(course.out().number(), memory, from, len, at.value);
            at.value += Math.max(0, written);
            return written;
        }

        private long map(long at, long size) {
            unmap();
            side = Side.IN;
            call = MMAP;
            course.tally().count(MMAP);
            long start = at & -kernel.pageSize();
            long length = Math.min(window, size - start);
            long address =
                    kernel.mmap(length, PROT_READ, MAP_SHARED, course.in().number(), start);
            if (address >= 0) {
                mappedAt = start;
                mappedLength = length;
                kernel.madvise(address, length, MADV_SEQUENTIAL);
            }
            return address;
        }

        private void unmap() {
            Memory memory = mapped;
            if (memory != null) {
                kernel.munmap(memory.address(), mappedLength);
                mapped = null;
            }
        }

        @Override
        public void close() {
            unmap();
        }
    }
}
