package dev.fid.model;

import dev.fid.kernel.Errno;
import dev.fid.kernel.Uapi;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The ring of a pipe, the kernel's `struct pipe_inode_info`: `head` counts the slots filled ever, `tail` those
/// emptied ever, and the pipe is full when `head - tail` slots are in use, however few bytes they hold.
///
/// Source: fs/pipe.c and include/linux/pipe_fs_i.h of Linux 6.18.
public final class PipeRing {
    /// Slots of a new pipe (PIPE_DEF_BUFFERS).
    static final int DEFAULT_SLOTS = 16;

    /// Slots of a new pipe of a user who has too many (PIPE_MIN_DEF_BUFFERS).
    private static final int FEWEST_SLOTS = 2;

    final Machine machine;
    private @Nullable PipeBuffer[] buffers;
    int head;
    int tail;
    int maxUsage;
    private int accounted;
    int readers;
    int writers;
    int readersEver;
    int writersEver;
    /// Grows with each write or splice into it; for edges of epoll.
    int arrivals;
    /// Grows with each slot that is freed.
    int departures;

    private PipeRing(Machine machine, int slots, int accounted) {
        this.machine = machine;
        buffers = new @Nullable PipeBuffer[slots];
        maxUsage = slots;
        this.accounted = accounted;
    }

    /// `alloc_pipe_info`; null is ENFILE.
    static @Nullable PipeRing allocate(Machine machine) {
        Limits limits = machine.limits;
        boolean limited = !limits.privileged() && machine.profile.accountsPipes();
        int slots = DEFAULT_SLOTS;
        if (limited && (long) slots << Page.SHIFT > limits.pipeMaxSize()) {
            slots = (int) (limits.pipeMaxSize() >> Page.SHIFT);
        }
        long user = machine.accountPipePages(0, slots);
        if (limited && over(user, limits.pipeUserPagesSoft())) {
            user = machine.accountPipePages(slots, FEWEST_SLOTS);
            slots = FEWEST_SLOTS;
        }
        if (limited && over(user, limits.pipeUserPagesHard())) {
            machine.accountPipePages(slots, 0);
            return null;
        }
        return new PipeRing(machine, slots, slots);
    }

    /// A pipe inside of the kernel, as sendfile has one per task.
    static PipeRing internal(Machine machine) {
        PipeRing pipe = new PipeRing(machine, DEFAULT_SLOTS, 0);
        pipe.readers = 1;
        return pipe;
    }

    private static boolean over(long pages, long limit) {
        return limit != 0 && pages > limit;
    }

    /// Slots in use (`pipe_occupancy`).
    public int occupancy() {
        return head - tail;
    }

    /// Slots it may use.
    public int slots() {
        return maxUsage;
    }

    /// Whether there is no slot to read.
    public boolean empty() {
        return head == tail;
    }

    /// Whether no slot is free, however few bytes they hold.
    public boolean full() {
        return occupancy() >= maxUsage;
    }

    /// Slots filled ever.
    public int head() {
        return head;
    }

    /// Slots emptied ever.
    public int tail() {
        return tail;
    }

    /// Bytes in all slots, what FIONREAD says.
    public long buffered() {
        long sum = 0;
        for (int i = tail; i != head; i++) {
            sum += buffer(i).len;
        }
        return sum;
    }

    /// The slots in use, oldest first.
    public List<PipeBuffer> buffers() {
        List<PipeBuffer> used = new ArrayList<>();
        for (int i = tail; i != head; i++) {
            used.add(buffer(i));
        }
        return used;
    }

    /// The slot with count `i` (`pipe_buf`).
    PipeBuffer buffer(int i) {
        PipeBuffer buffer = buffers[i & buffers.length - 1];
        if (buffer == null) {
            throw new IllegalStateException("slot " + i + " is empty");
        }
        return buffer;
    }

    /// Fills the slot at the head; there must be a free one.
    void push(PipeBuffer buffer) {
        buffers[head & buffers.length - 1] = buffer;
        head++;
        arrivals++;
        machine.wake();
    }

    /// Takes the slot at the tail out; its reference goes to the caller.
    PipeBuffer pull() {
        PipeBuffer buffer = buffer(tail);
        buffers[tail & buffers.length - 1] = null;
        tail++;
        departures++;
        machine.wake();
        return buffer;
    }

    /// Takes `bytes` from the front: eats slots, moves on in the last one.
    void consume(long bytes) {
        long left = bytes;
        while (left > 0) {
            PipeBuffer buffer = buffer(tail);
            int part = (int) Math.min(left, buffer.len);
            buffer.offset += part;
            buffer.len -= part;
            left -= part;
            if (buffer.len == 0) {
                pull().release();
            }
        }
    }

    /// `pipe_set_size`: slots are a power of two; returns the bytes or -errno.
    int resize(int argument) {
        if (!machine.profile.resizesPipes()) {
            return -Errno.EINVAL;
        }
        Limits limits = machine.limits;
        long wanted = Integer.toUnsignedLong(argument);
        if (wanted > 1L << 31) {
            return -Errno.EINVAL;
        }
        long size = wanted < Page.SIZE ? Page.SIZE : Long.highestOneBit(2 * wanted - 1);
        int slots = (int) (size >> Page.SHIFT);
        if (slots > maxUsage && size > limits.pipeMaxSize() && !limits.privileged()) {
            return -Errno.EPERM;
        }
        long user = machine.accountPipePages(accounted, slots);
        if (slots > maxUsage
                && (over(user, limits.pipeUserPagesHard()) || over(user, limits.pipeUserPagesSoft()))
                && !limits.privileged()) {
            machine.accountPipePages(slots, accounted);
            return -Errno.EPERM;
        }
        if (slots < occupancy()) {
            machine.accountPipePages(slots, accounted);
            return -Errno.EBUSY;
        }
        @Nullable PipeBuffer[] larger = new @Nullable PipeBuffer[slots];
        List<PipeBuffer> used = buffers();
        for (int i = 0; i < used.size(); i++) {
            larger[i] = used.get(i);
        }
        buffers = larger;
        tail = 0;
        head = used.size();
        maxUsage = slots;
        accounted = slots;
        departures++;
        machine.wake();
        return (int) size;
    }

    /// `pipe_read`.
    long read(Iter to, boolean nonblocking) {
        if (to.count() == 0) {
            return 0;
        }
        long done = 0;
        while (true) {
            if (!empty()) {
                PipeBuffer buffer = buffer(tail);
                int chars = (int) Math.min(buffer.len, to.count());
                machine.ledger.pass(
                        machine.profile == Profile.LINUX_2_6 ? "pipe_iov_copy_to_user" : "copy_page_to_iter");
                int copied = Iter.copyAllTo(to, buffer.page, buffer.offset, chars);
                if (copied < chars) {
                    return done > 0 ? done : -Errno.EFAULT;
                }
                done += chars;
                boolean packet = buffer.packet();
                consume(packet ? buffer.len : chars);
                if (to.count() == 0 || packet) {
                    return done;
                }
                if (!empty()) {
                    continue;
                }
            }
            if (writers == 0 || done > 0) {
                return done;
            }
            if (nonblocking) {
                return -Errno.EAGAIN;
            }
            machine.sleep();
        }
    }

    /// `pipe_write`: small rests go behind the last slot's bytes if its page is the pipe's own and has the room;
    /// a packet begins a slot of its own, unless such bytes come before it.
    ///
    /// @param flags of the slots it fills, CAN_MERGE or PACKET
    long write(Iter from, boolean nonblocking, int flags) {
        long total = from.count();
        if (total == 0) {
            return 0;
        }
        if (readers == 0) {
            return -Errno.EPIPE;
        }
        long done = 0;
        int chars = (int) (total & Page.SIZE - 1);
        if (chars > 0 && !empty()) {
            PipeBuffer last = buffer(head - 1);
            int offset = last.offset + last.len;
            if (last.canMerge() && offset + chars <= Page.SIZE) {
                machine.ledger.pass("copy_page_from_iter");
                int copied = from.copyFrom(last.page, offset, chars);
                if (copied < chars) {
                    return -Errno.EFAULT;
                }
                last.len += copied;
                done += copied;
                arrivals++;
                machine.wake();
            }
        }
        while (from.count() > 0) {
            if (readers == 0) {
                return done > 0 ? done : -Errno.EPIPE;
            }
            if (!full()) {
                Page page = machine.newPage();
                if (page == null) {
                    return done > 0 ? done : -Errno.ENOMEM;
                }
                machine.ledger.pass("copy_page_from_iter");
                int copied = from.copyFrom(page, 0, (int) Math.min(Page.SIZE, from.count()));
                if (copied < Page.SIZE && from.count() > 0) {
                    page.put();
                    return done > 0 ? done : -Errno.EFAULT;
                }
                push(new PipeBuffer(page, 0, copied, PipeBuffer.Ops.ANON_PIPE, flags));
                done += copied;
            } else if (nonblocking) {
                return done > 0 ? done : -Errno.EAGAIN;
            } else {
                machine.sleep();
            }
        }
        return done;
    }

    /// `pipe_poll`.
    int poll(OpenFile file, int writersAtOpen) {
        int mask = 0;
        if (file.readable) {
            if (!empty()) {
                mask |= Uapi.POLLIN;
            }
            if (writers == 0 && writersAtOpen != writersEver) {
                mask |= Uapi.POLLHUP;
            }
        }
        if (file.writable) {
            if (!full()) {
                mask |= Uapi.POLLOUT;
            }
            if (readers == 0) {
                mask |= Uapi.POLLERR;
            }
        }
        return mask;
    }

    /// `free_pipe_info`.
    void free() {
        while (!empty()) {
            pull().release();
        }
        machine.accountPipePages(accounted, 0);
        accounted = 0;
    }
}
