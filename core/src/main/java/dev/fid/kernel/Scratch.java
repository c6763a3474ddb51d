package dev.fid.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/// Native memory for one call: the captured errno, two offsets, and room for small structures and paths.
///
/// A platform thread has its own. A virtual thread borrows one from a bounded pool for the length of a call: it
/// cannot be unmounted inside a downcall, so at most as many are out as there are carriers, however many virtual
/// threads there are.
final class Scratch {
    static final long ERRNO = 0;
    static final long OFF_IN = 8;
    static final long OFF_OUT = 16;
    static final long ROOM = 24;
    /// Holds two paths of PATH_MAX, 1024 `struct iovec`, or 1024 events.
    static final int ROOM_BYTES = 16 << 10;

    private static final ThreadLocal<Scratch> OWN = ThreadLocal.withInitial(Scratch::new);

    /// Those used last, by thread id: a ThreadLocal asks the JVM whether its key is still there, by a call of 0.1 us
    /// where only the first compiler runs. Read and written without order: an id is never used twice, so what has
    /// this thread's is this thread's.
    private static final @Nullable Scratch[] RECENT = new Scratch[64];

    private static final AtomicReferenceArray<@Nullable Scratch> POOL = new AtomicReferenceArray<>(64);

    final MemorySegment memory = Arena.ofAuto().allocate(ROOM + ROOM_BYTES, 8);
    final long address = memory.address();

    /// The same memory, for the accessors: a tree of 100,000 files took 0.97 to 1.01 s of user time with it, and
    /// 0.98 to 1.23 with those of the segment (three turns, first compiler only, a busy machine).
    private final ByteBuffer view = memory.asByteBuffer().order(ByteOrder.nativeOrder());

    /// Id of the thread that made it; of no matter where threads borrow it.
    private final long owner = Thread.currentThread().threadId();

    static Scratch take() {
        Thread thread = Thread.currentThread();
        long id = thread.threadId();
        if (!thread.isVirtual()) {
            Scratch recent = RECENT[(int) id & RECENT.length - 1];
            return recent != null && recent.owner == id ? recent : own(id);
        }
        int first = (int) id;
        for (int i = 0; i < POOL.length(); i++) {
            Scratch scratch = POOL.getAndSet(first + i & POOL.length() - 1, null);
            if (scratch != null) {
                return scratch;
            }
        }
        return new Scratch();
    }

    private static Scratch own(long id) {
        Scratch own = OWN.get();
        RECENT[(int) id & RECENT.length - 1] = own;
        return own;
    }

    /// Gives back what {@link #take} gave. A scratch that finds the pool full is left to the collector.
    void give() {
        Thread thread = Thread.currentThread();
        if (thread.isVirtual()) {
            int first = (int) thread.threadId();
            for (int i = 0; i < POOL.length(); i++) {
                if (POOL.compareAndSet(first + i & POOL.length() - 1, null, this)) {
                    return;
                }
            }
        }
    }

    int errno() {
        return view.getInt((int) ERRNO);
    }

    void putByte(long at, byte value) {
        view.put((int) at, value);
    }

    int getInt(long at) {
        return view.getInt((int) at);
    }

    void putInt(long at, int value) {
        view.putInt((int) at, value);
    }

    short getShort(long at) {
        return view.getShort((int) at);
    }

    void putShort(long at, short value) {
        view.putShort((int) at, value);
    }

    long getLong(long at) {
        return view.getLong((int) at);
    }

    void putLong(long at, long value) {
        view.putLong((int) at, value);
    }

    void get(long at, byte[] target, int len) {
        view.get((int) at, target, 0, len);
    }

    void put(long at, byte[] source) {
        view.put((int) at, source);
    }
}
