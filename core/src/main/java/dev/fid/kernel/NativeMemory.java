package dev.fid.kernel;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Memory of this process. Closing drops the segment before the pages go, so that a later access is an exception.
final class NativeMemory extends Memory {
    private @Nullable MemorySegment segment;
    private final long address;
    private final long size;
    private final @Nullable Runnable release;

    NativeMemory(MemorySegment segment, @Nullable Runnable release) {
        this.segment = segment;
        this.address = segment.address();
        this.size = segment.byteSize();
        this.release = release;
    }

    /// The address of byte `at`, checked to have `len` bytes behind it.
    static long address(Memory memory, long at, long len) {
        if (!(memory instanceof NativeMemory own)) {
            throw new IllegalArgumentException("memory of another kernel: " + memory);
        }
        own.open();
        return own.address + Objects.checkFromIndexSize(at, len, own.size);
    }

    private MemorySegment open() {
        MemorySegment open = segment;
        if (open == null) {
            throw new IllegalStateException("memory is closed");
        }
        return open;
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
        return open().get(JAVA_BYTE, at);
    }

    @Override
    public void putByte(long at, byte value) {
        open().set(JAVA_BYTE, at, value);
    }

    @Override
    public int getInt(long at) {
        return open().get(JAVA_INT_UNALIGNED, at);
    }

    @Override
    public void putInt(long at, int value) {
        open().set(JAVA_INT_UNALIGNED, at, value);
    }

    @Override
    public long getLong(long at) {
        return open().get(JAVA_LONG_UNALIGNED, at);
    }

    @Override
    public void putLong(long at, long value) {
        open().set(JAVA_LONG_UNALIGNED, at, value);
    }

    @Override
    public void get(long at, byte[] target, int index, int len) {
        MemorySegment.copy(open(), JAVA_BYTE, at, target, index, len);
    }

    @Override
    public void put(long at, byte[] source, int index, int len) {
        MemorySegment.copy(source, index, open(), JAVA_BYTE, at, len);
    }

    @Override
    public void copyTo(long at, Memory target, long targetAt, long len) {
        if (!(target instanceof NativeMemory other)) {
            throw new IllegalArgumentException("memory of another kernel: " + target);
        }
        MemorySegment.copy(open(), at, other.open(), targetAt, len);
    }

    @Override
    public ByteBuffer window(long at, int len) {
        return open().asSlice(at, len).asByteBuffer();
    }

    @Override
    public void close() {
        if (segment != null) {
            segment = null;
            if (release != null) {
                release.run();
            }
        }
    }

    @Override
    public String toString() {
        return "memory[0x" + Long.toHexString(address) + ", " + size + " bytes]";
    }
}
