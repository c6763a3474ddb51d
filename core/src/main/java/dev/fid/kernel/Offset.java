package dev.fid.kernel;

/// A file offset in bytes that a call reads and moves on, as `off_t *` does in C. Not safe for use by two
/// threads.
public final class Offset {
    public long value;

    public Offset(long value) {
        this.value = value;
    }

    @Override
    public String toString() {
        return Long.toString(value);
    }
}
