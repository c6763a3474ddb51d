package dev.fid.model;

import dev.fid.kernel.Memory;
import dev.fid.kernel.Uapi;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// User memory of a model kernel. Loads and stores of the program go to the same pages as the kernel's.
final class ModelMemory extends Memory {
    private final Machine machine;
    private final AddressSpace space;
    private final long address;
    private final long size;
    private final boolean owner;
    private boolean closed;
    private AddressSpace.@Nullable Area area;

    ModelMemory(Machine machine, AddressSpace space, long address, long size, boolean owner) {
        this.machine = machine;
        this.space = space;
        this.address = address;
        this.size = size;
        this.owner = owner;
    }

    /// The address of byte `at` of memory of this kernel, checked to have `len` bytes behind it.
    static long address(Memory memory, long at, long len) {
        if (!(memory instanceof ModelMemory own)) {
            throw new IllegalArgumentException("memory of another kernel: " + memory);
        }
        return own.check(at, len);
    }

    private long check(long at, long len) {
        if (closed) {
            throw new IllegalStateException("memory is closed");
        }
        return address + Objects.checkFromIndexSize(at, len, size);
    }

    /// The page for the program's own access; where the kernel would send SIGBUS or SIGSEGV, what the JVM makes of it.
    private Page page(long where, boolean store) {
        AddressSpace.Area here = area;
        if (here == null || where < here.start || where >= here.start + ((long) here.pages << Page.SHIFT)) {
            machine.lock.lock();
            try {
                here = space.find(where);
            } finally {
                machine.lock.unlock();
            }
            area = here;
        }
        Page page = here == null || (here.prot & (store ? Uapi.PROT_WRITE : Uapi.PROT_READ)) == 0
                ? null
                : here.page((int) ((where - here.start) >> Page.SHIFT), store);
        if (page == null) {
            throw new InternalError("a fault occurred in an unsafe memory access operation");
        }
        return page;
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public long address() {
        return address;
    }

    @Override
    public byte getByte(long at) {
        long where = check(at, 1);
        return page(where, false).bytes()[(int) where & Page.SIZE - 1];
    }

    @Override
    public void putByte(long at, byte value) {
        long where = check(at, 1);
        page(where, true).bytes()[(int) where & Page.SIZE - 1] = value;
    }

    @Override
    public int getInt(long at) {
        return ByteBuffer.wrap(bytes(at, 4)).order(ByteOrder.nativeOrder()).getInt();
    }

    @Override
    public void putInt(long at, int value) {
        put(
                at,
                ByteBuffer.allocate(4)
                        .order(ByteOrder.nativeOrder())
                        .putInt(value)
                        .array(),
                0,
                4);
    }

    @Override
    public long getLong(long at) {
        return ByteBuffer.wrap(bytes(at, 8)).order(ByteOrder.nativeOrder()).getLong();
    }

    @Override
    public void putLong(long at, long value) {
        put(
                at,
                ByteBuffer.allocate(8)
                        .order(ByteOrder.nativeOrder())
                        .putLong(value)
                        .array(),
                0,
                8);
    }

    @Override
    public void get(long at, byte[] target, int index, int len) {
        Objects.checkFromIndexSize(index, len, target.length);
        long where = check(at, len);
        for (int done = 0; done < len; ) {
            int within = (int) (where + done) & Page.SIZE - 1;
            int part = Math.min(len - done, Page.SIZE - within);
            System.arraycopy(page(where + done, false).bytes(), within, target, index + done, part);
            done += part;
        }
    }

    @Override
    public void put(long at, byte[] source, int index, int len) {
        Objects.checkFromIndexSize(index, len, source.length);
        long where = check(at, len);
        for (int done = 0; done < len; ) {
            int within = (int) (where + done) & Page.SIZE - 1;
            int part = Math.min(len - done, Page.SIZE - within);
            System.arraycopy(source, index + done, page(where + done, true).bytes(), within, part);
            done += part;
        }
    }

    @Override
    public void copyTo(long at, Memory target, long targetAt, long len) {
        long in = check(at, len);
        long out = address(target, targetAt, len);
        ModelMemory other = (ModelMemory) target;
        for (long done = 0; done < len; ) {
            int inAt = (int) (in + done) & Page.SIZE - 1;
            int outAt = (int) (out + done) & Page.SIZE - 1;
            int part = (int) Math.min(len - done, Page.SIZE - Math.max(inAt, outAt));
            System.arraycopy(
                    page(in + done, false).bytes(),
                    inAt,
                    other.page(out + done, true).bytes(),
                    outAt,
                    part);
            done += part;
        }
        machine.ledger.copiedByUser(len);
    }

    @Override
    public ByteBuffer window(long at, int len) {
        return ByteBuffer.wrap(bytes(at, len)).order(ByteOrder.nativeOrder());
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            if (owner) {
                machine.lock.lock();
                try {
                    space.unmap(address, size);
                } finally {
                    machine.lock.unlock();
                }
            }
        }
    }

    @Override
    public String toString() {
        return "memory[0x" + Long.toHexString(address) + ", " + size + " bytes]";
    }
}
