package dev.fid.tests.simulation;

import static dev.fid.tests.simulation.Timeline.MILLISECOND;
import static dev.fid.tests.simulation.Timeline.SECOND;

import dev.fid.kernel.Errno;
import dev.fid.kernel.Memory;
import dev.fid.kernel.Uapi;
import dev.fid.model.ModelKernel;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/// One end of the world: sends bytes that tell their place, in pieces and at times that the seed chooses, and checks
/// those that come.
final class Peer implements AutoCloseable {
    /// Bytes tell their stream and their place; they repeat after so many, which nobody holds back or sends twice.
    private static final int PERIOD = 65521; // a prime, so that no size of a buffer divides it

    private static final int MOST_SENT_AT_ONCE = 40_000;
    private static final int MOST_READ_AT_ONCE = 60_000;
    static final int MOST_STREAMS = 32;
    private static final byte[][] STREAMS = new byte[MOST_STREAMS + 1][];

    final int fd;
    /// The bytes that it sends, from 1 on.
    final int stream;
    /// The stream whose bytes must come; 0 before the first byte has told.
    int expected;
    final boolean isTcp;
    final long toSend;
    /// A long stream in small pieces would take hours of virtual time.
    private final boolean isHurried;

    private final ModelKernel kernel;
    private final Timeline timeline;
    private final SplittableRandom random;
    private final Consumer<String> complain;
    private final Memory memory;
    /// Sends only when the other has ended.
    private final boolean answers;

    /// Sends one urgent byte, which is none of its stream, before this one of it; -1 for never. A second one would
    /// make the first, if nobody has passed that yet, a byte of the stream (RFC 6093, section 3.2).
    private long urgentAt;

    /// Reads nothing before that time.
    private long stalledUntil;

    /// Had bytes to read when its link was given up.
    boolean isSlow;

    long sent;
    long sentAt;
    long received;
    long receivedAt;
    private boolean halfClosed;
    /// When it said that it sends no more, or went.
    long quitAt = Long.MAX_VALUE;
    /// Has read an end.
    boolean ended;
    /// Has closed its socket.
    boolean gone;
    /// Has closed it by a reset; a unix socket knows none.
    private boolean isReset;
    /// Was told of an error; what came before that may still be read.
    boolean broken;
    private boolean hasReadError;
    /// Bytes of its stream that went with its reset, since they were on their way.
    private boolean hasLost;

    Peer(
            ModelKernel kernel,
            Timeline timeline,
            SplittableRandom random,
            int fd,
            int stream,
            int expected,
            long toSend,
            boolean isHurried,
            Consumer<String> complain) {
        this.kernel = kernel;
        this.timeline = timeline;
        this.random = random;
        this.fd = fd;
        this.stream = stream;
        this.expected = expected;
        this.toSend = toSend;
        this.isHurried = isHurried;
        this.complain = complain;
        isTcp = kernel.getsockopt(fd, Uapi.SOL_SOCKET, Uapi.SO_DOMAIN) != Uapi.AF_UNIX;
        answers = random.nextInt(5) == 0;
        urgentAt = isTcp && random.nextInt(4) == 0 ? random.nextLong(toSend + 1) : -1;
        memory = kernel.allocate(MOST_READ_AT_ONCE);
    }

    private static byte[] bytes(int of) {
        byte[] known = STREAMS[of];
        if (known != null) {
            return known;
        }
        byte[] bytes = new byte[PERIOD + MOST_READ_AT_ONCE];
        for (int i = 0; i < bytes.length; i++) {
            int at = i % PERIOD;
            bytes[i] = (byte) (at * 31 + (at >> 8) + of);
        }
        STREAMS[of] = bytes;
        return bytes;
    }

    /// When to act again: often at once, now and then after many seconds.
    static long delay(SplittableRandom random) {
        return switch (random.nextInt(10)) {
            case 0 -> random.nextLong(20 * SECOND);
            case 1, 2 -> random.nextLong(100 * MILLISECOND);
            case 3, 4, 5 -> 0;
            default -> random.nextLong(MILLISECOND);
        };
    }

    private void later(Runnable action, long moved) {
        timeline.after(isHurried && moved > 0 ? random.nextLong(MILLISECOND) : delay(random), action);
    }

    private int most(int few, int many) {
        return isHurried || random.nextBoolean() ? many : few;
    }

    /// @param stall nanoseconds for which it reads nothing
    void start(long stall) {
        stalledUntil = timeline.nanos() + stall;
        if (!answers) {
            later(this::send, 0);
        }
        later(this::receive, 0);
    }

    private void send() {
        if (gone || broken) {
            return;
        }
        if (urgentAt >= 0 && sent >= urgentAt) {
            urgentAt = -1;
            memory.putByte(0, (byte) -1);
            long n = kernel.send(fd, memory, 0, 1, Uapi.MSG_OOB | Uapi.MSG_DONTWAIT | Uapi.MSG_NOSIGNAL);
            broken = n < 0 && n != -Errno.EAGAIN;
            if (broken) {
                return;
            }
        }
        if (sent == toSend) {
            halfClosed = true;
            quitAt = timeline.nanos();
            kernel.shutdown(fd, Uapi.SHUT_WR);
            return;
        }
        later(this::send, sendOnce());
    }

    /// Sends some bytes of what is left.
    ///
    /// @return what send(2) gave
    long sendOnce() {
        if (gone || broken || halfClosed || sent == toSend) {
            return 0;
        }
        int len = (int) Math.min(toSend - sent, 1 + random.nextInt(most(64, MOST_SENT_AT_ONCE)));
        memory.put(0, bytes(stream), (int) (sent % PERIOD), len);
        long n = kernel.send(fd, memory, 0, len, Uapi.MSG_DONTWAIT | Uapi.MSG_NOSIGNAL);
        if (n > 0) {
            sent += n;
            sentAt = timeline.nanos();
        }
        broken = n < 0 && n != -Errno.EAGAIN;
        return n;
    }

    private void receive() {
        if (gone || ended || hasReadError) {
            return;
        }
        if (timeline.nanos() < stalledUntil) {
            timeline.after(stalledUntil - timeline.nanos(), this::receive);
            return;
        }
        int len = 1 + random.nextInt(most(100, MOST_READ_AT_ONCE));
        long n = kernel.recv(fd, memory, 0, len, Uapi.MSG_DONTWAIT);
        if (n > 0) {
            byte[] read = memory.bytes(0, (int) n);
            if (expected == 0) {
                expected = Math.clamp(read[0], 1, MOST_STREAMS);
            }
            int at = (int) (received % PERIOD);
            int wrong = Arrays.mismatch(read, 0, (int) n, bytes(expected), at, at + (int) n);
            if (wrong >= 0) {
                complain.accept("byte " + (received + wrong) + " of stream " + expected + " is wrong");
            }
            received += n;
            receivedAt = timeline.nanos();
        }
        ended = n == 0 && !broken; // a write was told of the reset
        hasReadError = (n < 0 && n != -Errno.EAGAIN) || (n == 0 && broken);
        broken |= hasReadError;
        if (ended && answers) {
            later(this::send, 0);
        }
        later(this::receive, n);
    }

    /// Goes away, by a reset or by a close with bytes unread.
    void leave(boolean reset) {
        if (!gone) {
            gone = true;
            quitAt = Math.min(quitAt, timeline.nanos());
            isReset = reset && isTcp;
            hasLost = isTcp && kernel.siocoutq(fd) > 0;
            if (reset) {
                kernel.setLinger(fd, true, 0);
            }
            kernel.close(fd);
        }
    }

    /// Whether somebody may read an end of what it sent: it said so, or went without a reset.
    boolean mayHaveEnded() {
        return halfClosed || (gone && !isReset);
    }

    /// Whether all that it sent had left it when it went.
    boolean hasGoneWhole() {
        return gone && !hasLost;
    }

    /// Whether nothing that comes could change what it knows.
    boolean isSettled() {
        return ended || hasReadError || gone;
    }

    @Override
    public void close() {
        leave(false);
        memory.close();
    }

    @Override
    public String toString() {
        return "peer " + stream + " sent " + sent + " of " + toSend + " till " + sentAt
                + (halfClosed ? " and the end at " + quitAt : "") + ", received " + received + " till " + receivedAt
                + (ended ? " and the end" : "") + (broken ? " and an error" : "") + (gone ? ", gone" : "");
    }
}
