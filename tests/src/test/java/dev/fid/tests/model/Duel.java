package dev.fid.tests.model;

import dev.fid.kernel.Errno;
import dev.fid.kernel.Uapi;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// Runs a script on the real kernel and on the model, step by step, and finds the first difference.
///
/// Where the real kernel may choose, the script goes on from what it chose. These are all its freedoms:
///
/// 1. How the bytes of a socket are cut into the buffers of a pipe. The sender copies into fragments that it shares
///    with other sockets of the thread, and a buffer ends where a fragment does (net/core/sock.c,
///    skb_page_frag_refill; net/core/skbuff.c, __skb_splice_bits). The model is told the cuts; their sum is compared.
/// 2. How much a TCP socket takes and how much of it has arrived, once more than {@link #WINDOW} bytes are unread:
///    buffers and windows are tuned while they are used (net/ipv4/tcp_input.c, tcp_grow_window, tcp_rcv_space_adjust).
///    Up to that everything is taken and arrives. Once held back, the rest may stay with the sender until all was read:
///    a small window is not offered (net/ipv4/tcp_output.c, __tcp_select_window).
/// 3. When a segment, an end or a reset arrives: another thread may carry it (ksoftirqd). It is waited for.
/// 4. A copy of a page onto a part of itself has no one result (arch/x86/lib/memcpy_64.S depends on the machine): a
///    script ends there, about one in eighty.
/// 5. How much of what the window held back is lost when a TCP connection breaks, and whether any of it was unread when
///    its receiver was closed, which makes the end a reset: a script ends there, too, one in 170. What was told before,
///    the errno of the break too, is compared.
/// 6. Where urgent data stands that is sent behind what the window holds back: a script ends there, too.
/// 7. When the disk has what POSIX_FADV_DONTNEED sends to it: from then on pages can be given back, and folios split.
///    A random script gives this advice to tmpfs only.
///
/// How far the kernel reads ahead, and in folios of which size, depends on the device (queue/read_ahead_kb): that is no
/// freedom, since {@link Actor} opens files for random access, for which nothing is read ahead.
final class Duel {
    /// The receive window that every loopback connection begins with. Source: net/ipv4/tcp_output.c,
    /// tcp_select_initial_window with tcp_rmem[1] = 131072.
    static final long WINDOW = 32 << 10;

    private static final int FINAL_BYTES = 1 << 20;

    private final Actor real;
    private final Actor model;
    private final Consumer<List<Long>> cuts;
    private final LongConsumer room;
    private final LongSupplier overlaps;
    private final long[] seenReal = new long[64];
    private final long[] seenModel = new long[64];
    private final byte[] bytesReal = new byte[FINAL_BYTES];
    private final byte[] bytesModel = new byte[FINAL_BYTES];
    private final long[] endReal = new long[1];
    private final long[] endModel = new long[1];

    /// How long what TCP carries may take to arrive.
    long patienceNanos = 2_000_000_000L;

    /// Calls made of scripts, without those that look.
    long calls;

    /// How often the real kernel chose, by freedom.
    final long[] chosen = new long[6];

    /// By the origin that sends.
    private final boolean[] heldBack = new boolean[Slots.COUNT];

    /// By the origin that sends: bytes were sent, and the window has grown since.
    private final boolean[] grown = new boolean[Slots.COUNT];

    /// Whether what is left of this script cannot be compared.
    private boolean over;

    Duel(Actor real, Actor model, Differential.Subject subject) {
        this.real = real;
        this.model = model;
        this.cuts = subject.cuts();
        this.room = subject.room();
        this.overlaps = subject.overlaps();
    }

    /// The first difference.
    ///
    /// @param step its index; the number of steps for one that shows at the end
    record Difference(int step, String what) {}

    @Nullable
    Difference run(Script script) {
        real.begin();
        model.begin();
        over = false;
        Arrays.fill(heldBack, false);
        Arrays.fill(grown, false);
        long overlapsBefore = overlaps.getAsLong();
        try {
            for (int i = 0; i < script.steps().size(); i++) {
                String what = step(script.steps().get(i));
                if (overlaps.getAsLong() != overlapsBefore) {
                    chosen[4]++;
                    return null;
                }
                if (over) {
                    chosen[5]++;
                    return null;
                }
                if (what != null) {
                    return new Difference(i, what);
                }
            }
            String what = atTheEnd();
            return what == null ? null : new Difference(script.steps().size(), what);
        } finally {
            real.end();
            model.end();
        }
    }

    // ---- freedoms ----

    private static int in(Step s) {
        return switch (s.op()) {
            case READ, RECV, SPLICE, SENDFILE -> s.a();
            default -> -1;
        };
    }

    private static int out(Step s) {
        return switch (s.op()) {
            case WRITE, SEND -> s.a();
            case SPLICE, SENDFILE -> s.b();
            default -> -1;
        };
    }

    /// Bytes that were sent from the TCP socket of this origin and not read yet; 0 where nobody can read them.
    private long unread(int sender) {
        return Slots.isTcp(sender) ? model.unread(model.withOrigin(sender ^ 1)) : 0;
    }

    /// Whether some of what the TCP socket of this origin sent may not have arrived.
    private boolean isHeldBack(int sender) {
        return Slots.isTcp(sender) && (heldBack[sender] || unread(sender) > WINDOW);
    }

    private void lookWhatIsHeldBack() {
        for (int origin = Slots.TCP; origin < Slots.COUNT; origin++) {
            long unread = unread(origin);
            heldBack[origin] = unread > WINDOW || (heldBack[origin] && unread > 0);
        }
    }

    /// A socket was closed that had not got all that was sent to it: bytes unread make its end a reset, and
    /// nobody knows whether there were any.
    private boolean leftHeldBackBytes() {
        for (int origin = Slots.TCP; origin < Slots.COUNT; origin++) {
            if (heldBack[origin] && model.withOrigin(origin ^ 1) < 0) {
                return true;
            }
        }
        return false;
    }

    /// Urgent data is told of ahead of what the window holds back, and nobody knows how much that is; nor how much the
    /// first segment holds, half of a window that has grown.
    private boolean hasUrgentHeldBack(Step step) {
        int origin = model.origin(step.a());
        return step.op() == Op.SEND
                && (step.f() & Uapi.MSG_OOB) != 0
                && (isHeldBack(origin) || (Slots.isTcp(origin) && grown[origin] && step.n() > WINDOW));
    }

    /// A reset throws away what the window held back, and nobody knows how much that was.
    private boolean lostUnsentBytes() {
        for (int slot = 0; slot < Slots.COUNT; slot++) {
            int origin = model.origin(slot);
            if (Slots.isTcp(origin)
                    && isHeldBack(Slots.peer(origin))
                    && (model.events(slot) & (Uapi.POLLHUP | Uapi.POLLERR)) != 0) {
                return true;
            }
        }
        return false;
    }

    /// The step as the model has to make it, or null where it must not make it.
    private @Nullable Step steered(Step step, long result) {
        int in = model.origin(in(step));
        int out = model.origin(out(step));
        cuts.accept(List.of());
        room.accept(Long.MAX_VALUE);
        if (result > 0 && Slots.isSocket(in) && (step.op() == Op.SPLICE || step.op() == Op.SENDFILE)) {
            int pipe = real.withOrigin(out & ~1);
            if (Slots.isPipe(out) && pipe >= 0) {
                cuts.accept(last(real.buffers(pipe), result));
                chosen[1]++;
            }
            return step.withLen(result);
        }
        boolean crowded = isHeldBack(in ^ 1) || isHeldBack(out) || unread(out) + Math.max(0, result) > WINDOW;
        if (crowded && (Slots.isTcp(in) || Slots.isTcp(out))) {
            if (result > 0 && Slots.isTcp(out)) {
                chosen[2]++;
                room.accept(result);
                return step;
            }
            if (result > 0 && result < step.n()) {
                chosen[2]++;
                return step.withLen(result);
            }
            if (result == -Errno.EAGAIN) {
                chosen[2]++;
                return null;
            }
        }
        return step;
    }

    /// The last of these lengths that sum up to `len`.
    private static List<Long> last(List<Long> lengths, long len) {
        List<Long> last = new ArrayList<>();
        long left = len;
        for (int i = lengths.size() - 1; i >= 0 && left > 0; i--) {
            last.addFirst(Math.min(left, lengths.get(i)));
            left -= lengths.get(i);
        }
        return last;
    }

    // ---- one step ----

    private @Nullable String step(Step step) {
        calls++;
        long expected = real.run(step);
        Step steered = steered(step, expected);
        if (steered == null) {
            return null;
        }
        long got;
        try {
            got = model.run(steered);
        } catch (RuntimeException | StackOverflowError e) {
            return "thrown " + e + " at "
                    + List.of(e.getStackTrace()).subList(0, Math.min(8, e.getStackTrace().length));
        }
        if (expected != got && !mayBeLess(step, expected, got)) {
            return "result " + show(got) + " instead of " + show(expected);
        }
        if (real.offIn != model.offIn || real.offOut != model.offOut) {
            return "offsets " + model.offIn + ", " + model.offOut + " instead of " + real.offIn + ", " + real.offOut;
        }
        if (got > 0) {
            String what = bytesRead(step, got);
            if (what != null) {
                return what;
            }
        }
        over = leftHeldBackBytes();
        lookWhatIsHeldBack();
        over |= lostUnsentBytes() || hasUrgentHeldBack(step);
        int out = model.origin(out(step));
        if (got > 0 && Slots.isTcp(out)) {
            grown[out] = true;
        }
        return over ? null : states(step);
    }

    private @Nullable String bytesRead(Step step, long got) {
        return switch (step.op()) {
            case READ, PREAD, RECV -> memory(step.x(), (int) got);
            case VMSPLICE -> {
                String what = memory(step.x(), (int) Math.min(got, step.n()));
                yield what != null || step.y() == Step.NONE || got <= step.n()
                        ? what
                        : memory(step.y(), (int) (got - step.n()));
            }
            default -> null;
        };
    }

    private @Nullable String memory(long at, int len) {
        real.memory.get(at, bytesReal, 0, len);
        model.memory.get(at, bytesModel, 0, len);
        return bytes("memory at " + at, len, len);
    }

    private @Nullable String states(Step step) {
        int count = model.observe(seenModel, step.a(), step.b());
        long until = 0;
        while (true) {
            real.observe(seenReal, step.a(), step.b());
            int at = firstDifference(step, count);
            if (at < 0) {
                return null;
            }
            if (!isTcpOpen() || (until != 0 && System.nanoTime() > until)) {
                String what = at < Slots.COUNT
                        ? "events of slot " + at
                        : "bytes or position of "
                                + List.of("a", "b", "a's peer", "b's peer").get(at - Slots.COUNT);
                return what + " " + show(seenModel[at]) + " instead of " + show(seenReal[at]);
            }
            if (until == 0) {
                until = System.nanoTime() + patienceNanos;
                chosen[3]++;
            }
            LockSupport.parkNanos(20_000);
        }
    }

    private int firstDifference(Step step, int count) {
        for (int at = 0; at < count; at++) {
            if (seenReal[at] != seenModel[at] && !mayDiffer(step, at)) {
                return at;
            }
        }
        return -1;
    }

    /// A TCP connection with more bytes unread than its window: some may not have arrived, and the sender may wait.
    private boolean mayDiffer(Step step, int at) {
        int slot = at < Slots.COUNT
                ? at
                : switch (at - Slots.COUNT) {
                    case 0 -> step.a();
                    case 1 -> step.b();
                    case 2 -> model.peer(step.a());
                    default -> model.peer(step.b());
                };
        int origin = model.origin(slot);
        return at < Slots.COUNT
                ? mayLack(origin, seenReal[at], seenModel[at])
                : seenReal[at] <= seenModel[at] && isHeldBack(Slots.peer(origin));
    }

    /// The same for a step that looks.
    private boolean mayBeLess(Step step, long expected, long got) {
        int origin = model.origin(step.a());
        return switch (step.op()) {
            case FIONREAD -> expected >= 0 && expected <= got && isHeldBack(Slots.peer(origin));
            case POLL -> mayLack(origin, expected, got);
            default -> false;
        };
    }

    /// Whether these events of a TCP socket may lack what those of the model have: each waits for one direction.
    private boolean mayLack(int origin, long events, long expected) {
        long lacks = expected & ~events;
        return Slots.isTcp(origin)
                && (events & ~expected) == 0
                && ((lacks & Uapi.POLLOUT) == 0 || isHeldBack(origin))
                && ((lacks & ~Uapi.POLLOUT) == 0 || isHeldBack(Slots.peer(origin)));
    }

    private boolean isTcpOpen() {
        for (int slot = Slots.TCP; slot < Slots.COUNT; slot++) {
            if (Slots.isTcp(real.origin(slot))) {
                return true;
            }
        }
        return false;
    }

    // ---- the end of a script ----

    private @Nullable String atTheEnd() {
        String memory = memory(real.changedFrom, real.changedTo - real.changedFrom);
        if (memory != null) {
            return memory;
        }
        for (int slot = 0; slot < Slots.COUNT; slot++) {
            int origin = real.origin(slot);
            boolean writes = Slots.isPipe(origin) ? (origin & 1) == 1 : Slots.isSocket(origin) && !Slots.isTcp(origin);
            if (writes) {
                long[] expected = real.fillUp(slot);
                long[] got = model.fillUp(slot);
                if (!Arrays.equals(expected, got)) {
                    return "room of slot " + slot + " " + got[0] + ", " + show(got[1]) + " instead of " + expected[0]
                            + ", " + show(expected[1]);
                }
            }
        }
        for (int slot = 0; slot < Slots.COUNT; slot++) {
            int origin = real.origin(slot);
            boolean reads = Slots.isPipe(origin) ? (origin & 1) == 0 : Slots.isSocket(origin);
            if (reads) {
                String what = rest(slot);
                if (what != null) {
                    return what;
                }
            }
        }
        for (int file = 0; file < 4; file++) {
            int expected = real.file(file, bytesReal, endReal);
            int got = model.file(file, bytesModel, endModel);
            if (endReal[0] != endModel[0]) {
                return "size of file " + file + " " + endModel[0] + " instead of " + endReal[0];
            }
            String what = bytes("file " + file, expected, got);
            if (what != null) {
                return what;
            }
        }
        return null;
    }

    private @Nullable String rest(int slot) {
        int got = model.drain(slot, bytesModel, 0, endModel);
        int expected = real.drain(slot, bytesReal, 0, endReal);
        long until = System.nanoTime() + patienceNanos;
        while (expected < got
                && Slots.isTcp(real.origin(slot))
                && (endReal[0] == -Errno.EAGAIN || endReal[0] == 0) // 0: shut down for reading, which is no end
                && System.nanoTime() < until) {
            LockSupport.parkNanos(20_000);
            expected = real.drain(slot, bytesReal, expected, endReal);
        }
        String what = bytes("rest of slot " + slot, expected, got);
        if (what != null) {
            return what;
        }
        while (endReal[0] != endModel[0] && Slots.isTcp(real.origin(slot)) && System.nanoTime() < until) {
            LockSupport.parkNanos(20_000);
            real.drain(slot, bytesReal, expected, endReal);
        }
        return endReal[0] == endModel[0]
                ? null
                : "end of slot " + slot + " " + show(endModel[0]) + " instead of " + show(endReal[0]);
    }

    private @Nullable String bytes(String what, int expected, int got) {
        int at = Arrays.mismatch(bytesReal, 0, Math.max(0, expected), bytesModel, 0, Math.max(0, got));
        if (at < 0) {
            return null;
        }
        HexFormat hex = HexFormat.of();
        return what + ", byte " + at + " of " + got + " instead of " + expected + ": "
                + hex.formatHex(bytesModel, at, Math.min(at + 8, Math.max(at, got))) + " instead of "
                + hex.formatHex(bytesReal, at, Math.min(at + 8, Math.max(at, expected)));
    }

    private static String show(long result) {
        return result < 0 && result > -200 ? "-" + Errno.name((int) -result) : Long.toString(result);
    }
}
