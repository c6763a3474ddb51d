package dev.fid.path;

import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Memory;
import dev.fid.kernel.Name;
import dev.fid.kernel.Side;
import java.util.ArrayList;
import java.util.List;

/// Reads a directory piece by piece. Source: getdents64(2).
public final class Entries implements AutoCloseable {
    private static final int BYTES = 32 << 10; // as libc reads them; about 1000 names
    private static final int NAME = 19; // of struct linux_dirent64, behind d_ino, d_off, d_reclen and d_type

    public static final int UNKNOWN = 0;
    public static final int DIRECTORY = 4;
    public static final int REGULAR = 8;

    /// A name, and its d_type: {@link #UNKNOWN} where the file system does not say.
    public static final class Entry {
        private final byte[] name;
        private final int type;

        Entry(byte[] name, int type) {
            this.name = name;
            this.type = type;
        }

        public byte[] name() {
            return name;
        }

        public int type() {
            return type;
        }
    }

    private final Kernel kernel;
    private final Memory memory;

    public Entries(Kernel kernel) {
        this.kernel = kernel;
        this.memory = kernel.allocate(BYTES);
    }

    /// The next names of directory `fd` but for `.` and `..`; null at the end.
    @SuppressWarnings("NullAway") // null is the end
    public List<Entry> next(int fd) throws ErrnoException {
        long read = PathCalls.retryingLong(() -> kernel.getdents64(fd, memory, 0, BYTES));
        if (read < 0) {
            throw new ErrnoException("getdents", "", (int) -read, Side.IN, 0, "");
        }
        if (read == 0) {
            return null;
        }
        List<Entry> entries = new ArrayList<>();
        for (long at = 0; at < read; ) {
            int length = memory.getInt(at + 16) & 0xffff;
            int end = NAME;
            while (end < length && memory.getByte(at + end) != 0) {
                end++;
            }
            byte[] name = memory.bytes(at + NAME, end - NAME);
            if (!Name.isDots(name)) {
                entries.add(new Entry(name, memory.getByte(at + 18)));
            }
            at += length;
        }
        return entries;
    }

    @Override
    public void close() {
        memory.close();
    }
}
