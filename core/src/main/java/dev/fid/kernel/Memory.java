package dev.fid.kernel;

import java.nio.ByteBuffer;

/// User memory that system calls read and write. A kernel hands it out ({@link Kernel#allocate}), so that the
/// real one can pass an address and a model can back it by its own pages. Positions and lengths are bytes from
/// its start; numbers are in the machine's byte order. Not safe for use by two threads at once.
///
/// Access outside of `0..size()` is an IndexOutOfBoundsException, use after {@link #close} an
/// IllegalStateException. Reading a page of a mapped file that was cut off meanwhile is an InternalError (the
/// JVM's answer to SIGBUS): give such memory to system calls, which answer EFAULT.
public abstract class Memory implements AutoCloseable {
    /// For the kernels that hand memory out.
    protected Memory() {}

    /// Bytes.
    public abstract long size();

    /// Where calls find byte 0; page aligned when it came from {@link Kernel#allocate} or {@link Kernel#mmap}.
    public abstract long address();

    public abstract byte getByte(long at);

    public abstract void putByte(long at, byte value);

    public abstract int getInt(long at);

    public abstract void putInt(long at, int value);

    public abstract long getLong(long at);

    public abstract void putLong(long at, long value);

    /// Copies `len` bytes from `at` into `target` from `index`.
    public abstract void get(long at, byte[] target, int index, int len);

    /// Copies `len` bytes of `source` from `index` to `at`.
    public abstract void put(long at, byte[] source, int index, int len);

    /// Copies `len` bytes to another memory of the same kernel, as memcpy(3).
    public abstract void copyTo(long at, Memory target, long targetAt, long len);

    /// The bytes as a buffer for code that wants one (checksums, channels): a view where the kernel's memory
    /// allows it, otherwise a copy, so only for reading, and only until the memory changes or is closed.
    public abstract ByteBuffer window(long at, int len);

    /// Gives the memory back; only the first call counts. A view made by {@link Kernel#memory} gives nothing
    /// back.
    @Override
    public abstract void close();

    /// The first `len` bytes as an array.
    public final byte[] bytes(long at, int len) {
        byte[] copy = new byte[len];
        get(at, copy, 0, len);
        return copy;
    }
}
