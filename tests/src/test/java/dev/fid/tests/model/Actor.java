package dev.fid.tests.model;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.fid.kernel.Errno;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Memory;
import dev.fid.kernel.Offset;
import dev.fid.kernel.Span;
import dev.fid.kernel.Uapi;
import dev.fid.model.ModelKernel;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Runs the steps of a script on one kernel, and looks at what they left behind.
final class Actor implements AutoCloseable {
    /// Bytes of user memory that a script reads to and writes from.
    static final int MEMORY = 256 << 10;

    private static final int SCRATCH = 128 << 10;
    /// What fills up: a page behind the scratch that nothing is read to.
    private static final int FILLER = SCRATCH;

    static final int CLOSED = 1 << 30;
    private static final int FINAL_BYTES = 1 << 20;
    private static final int LARGE = 300_000;
    /// POSIX_FADV_RANDOM and MADV_RANDOM.
    private static final int RANDOM = 1;

    private static final byte[] CONTENT = content();
    private static final Span[] NO_SPANS = {};
    private static final long[] NO_TIMES = {};

    final Kernel kernel;
    final Memory memory;
    /// Memory that no script knows, for what it must not change.
    private final Memory scratch;
    private final Span[] singles = new Span[256];
    private final byte[][] files;
    private final int[] fds = new int[Slots.COUNT];
    private final int listener;
    private final byte[] address = new byte[16];
    private final Offset in = new Offset(0);
    private final Offset out = new Offset(0);
    private final int[] polled = new int[Slots.COUNT];
    private final short[] events = new short[Slots.COUNT];
    private final short[] revents = new short[Slots.COUNT];
    private final int[] pair = new int[2];
    /// By slot, for as long as it is the same.
    private final long[][] stamps = new long[Slots.COUNT][0];
    private final int[] origins = new int[Slots.COUNT];
    private final boolean[] used = new boolean[4];
    private int clients;

    /// The part of memory that this script may have changed.
    int changedFrom;

    int changedTo = MEMORY;

    /// What the last step left in its offsets.
    long offIn;

    long offOut;

    /// @param files the paths of the four files: two on tmpfs, two on ext4
    Actor(Kernel kernel, String... files) {
        this.kernel = kernel;
        this.memory = kernel.allocate(MEMORY);
        this.scratch = kernel.allocate(SCRATCH + 4096);
        scratch.put(FILLER, CONTENT, 1, 4096);
        Arrays.fill(singles, new Span(scratch, FILLER, 1));
        this.files = Arrays.stream(files).map(path -> path.getBytes(ISO_8859_1)).toArray(byte[][]::new);
        Arrays.fill(fds, CLOSED);
        listener = kernel.socket(Uapi.AF_INET, Uapi.SOCK_STREAM | Uapi.SOCK_CLOEXEC, 0);
        check(kernel.bind(listener, loopback(1, 0)));
        check(kernel.listen(listener, 16));
        kernel.getsockname(listener, address);
    }

    private static byte[] content() {
        byte[] bytes = new byte[MEMORY];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) ((7 * i + i / 256) % 251);
        }
        return bytes;
    }

    /// `struct sockaddr_in` of 127.x.y.z.
    private static byte[] loopback(int host, int port) {
        ByteBuffer address = ByteBuffer.allocate(16).order(ByteOrder.nativeOrder());
        address.putShort((short) Uapi.AF_INET);
        address.order(ByteOrder.BIG_ENDIAN).putShort((short) port).putInt(0x7f000000 | host);
        return address.array();
    }

    private static int check(int result) {
        if (result < 0) {
            throw new AssertionError("setup: " + Errno.name(-result));
        }
        return result;
    }

    /// Before a script: all descriptors are closed, and memory is as it always begins.
    void begin() {
        memory.put(changedFrom, CONTENT, changedFrom, changedTo - changedFrom);
        changedFrom = MEMORY;
        changedTo = MEMORY;
        Arrays.fill(used, false);
    }

    /// The script may change `len` bytes of memory at `at`; a page around them is looked at, too.
    private void changes(long at, long len) {
        int from = (int) Math.max(0, at - 4096);
        int to = (int) Math.min(MEMORY, at + len + 4096);
        changedTo = changedFrom == MEMORY ? to : Math.max(changedTo, to);
        changedFrom = Math.min(changedFrom, from);
    }

    /// Closes what the script left open.
    void end() {
        for (int slot = 0; slot < Slots.COUNT; slot++) {
            if (isOpen(slot)) {
                if (Slots.isTcp(origins[slot])) {
                    kernel.setLinger(fds[slot], true, 0); // leaves no TIME_WAIT
                }
                kernel.close(fds[slot]);
                fds[slot] = CLOSED;
            }
        }
    }

    boolean isOpen(int slot) {
        return slot >= 0 && slot < Slots.COUNT && fds[slot] != CLOSED;
    }

    /// An unused slot has a number that is never open.
    int fd(int slot) {
        return slot < 0 ? -1 : fds[slot];
    }

    /// The slot that this open slot was made as, before it was duplicated; -1 for a closed one.
    int origin(int slot) {
        return isOpen(slot) ? origins[slot] : -1;
    }

    /// An open slot with this origin, or -1.
    int withOrigin(int origin) {
        for (int slot = 0; origin >= 0 && slot < Slots.COUNT; slot++) {
            if (origin(slot) == origin) {
                return slot;
            }
        }
        return -1;
    }

    // ---- one step ----

    private @Nullable Offset offset(Offset offset, long at) {
        offset.value = at;
        return at == Step.NONE ? null : offset;
    }

    /// What the call returned; a new descriptor is 0.
    long run(Step s) {
        offIn = Step.NONE;
        offOut = Step.NONE;
        int a = fd(s.a());
        int b = fd(s.b() < Slots.COUNT ? s.b() : -1);
        switch (s.op()) {
            case READ, PREAD, RECV, TOUCH -> changes(s.x(), s.n());
            case VMSPLICE -> {
                changes(s.x(), s.n());
                changes(s.y() == Step.NONE ? s.x() : s.y(), s.n());
            }
            default -> {}
        }
        return switch (s.op()) {
            case FILE -> file(s);
            case DEVICE -> device(s);
            case PIPE -> pipe(s);
            case UNIX -> {
                int type = Uapi.SOCK_STREAM | Uapi.SOCK_NONBLOCK | Uapi.SOCK_CLOEXEC;
                int result = kernel.socketpair(Uapi.AF_UNIX, type, 0, pair);
                yield both(s, result);
            }
            case TCP -> tcp(s);
            case READ -> kernel.read(a, memory, s.x(), s.n());
            case WRITE -> kernel.write(a, memory, s.x(), s.n());
            case PREAD -> kernel.pread(a, memory, s.x(), s.n(), s.y());
            case PWRITE -> kernel.pwrite(a, memory, s.x(), s.n(), s.y());
            case RECV -> kernel.recv(a, memory, s.x(), s.n(), flags(s));
            case SEND -> kernel.send(a, memory, s.x(), s.n(), flags(s));
            case LSEEK -> kernel.lseek(a, s.x(), s.f());
            case TRUNCATE -> kernel.ftruncate(a, s.n());
            case FALLOCATE -> kernel.fallocate(a, s.f(), s.x(), s.n());
            case CLOSE -> close(s.a());
            case DUP -> {
                int result = kernel.fcntl(a, Uapi.F_DUPFD_CLOEXEC, 0);
                int origin = origin(s.a());
                long code = kept(s.b(), result);
                if (code == 0) {
                    origins[s.b()] = origin;
                }
                yield code;
            }
            // Onto an open slot only: another number may be the JVM's own.
            case DUP3 -> {
                long code = isOpen(s.b()) ? Math.min(0, kernel.dup3(a, b, s.f())) : -Errno.EBADF;
                if (code == 0) {
                    stamps[s.b()] = NO_TIMES;
                    origins[s.b()] = origin(s.a());
                }
                yield code;
            }
            case STAT -> size(a) < 0 ? size(a) : (long) stat.mode << 32 | stat.nlink << 24 | stat.size;
            case STAMP -> stamp(s);
            case CHANGED -> changed(s);
            case GETFL -> kernel.fcntl(a, Uapi.F_GETFL, 0);
            case SETFL -> {
                int flags = Slots.isFile(origin(s.a())) ? s.f() & ~Uapi.O_DIRECT : s.f();
                yield kernel.fcntl(a, Uapi.F_SETFL, flags | Uapi.O_NONBLOCK);
            }
            case PIPE_SIZE -> kernel.fcntl(a, Uapi.F_GETPIPE_SZ, 0);
            case RESIZE -> kernel.fcntl(a, Uapi.F_SETPIPE_SZ, s.n());
            case FIONREAD -> kernel.fionread(a);
            case SPLICE -> {
                long moved = kernel.splice(a, offset(in, s.x()), b, offset(out, s.y()), s.n(), s.f());
                if (moved > 0 && (s.f() & Uapi.SPLICE_F_MORE) != 0 && Slots.isTcp(origin(s.b()))) {
                    // Pushes what MORE holds back for 200 ms. Source: net/ipv4/tcp.c, __tcp_sock_set_nodelay.
                    kernel.setsockopt(b, Uapi.IPPROTO_TCP, Uapi.TCP_NODELAY, 1);
                }
                yield moved(moved);
            }
            case TEE -> kernel.tee(a, b, s.n(), s.f());
            case VMSPLICE -> kernel.vmsplice(a, spans(s), s.f());
            case SENDFILE -> {
                long result = kernel.sendfile(a, offset(in, s.x()), b, bounded(s.n(), a, b));
                offIn = in.value;
                yield result;
            }
            case COPY -> {
                long len = bounded(s.n(), a, b);
                yield moved(kernel.copyFileRange(a, offset(in, s.x()), b, offset(out, s.y()), len, s.f()));
            }
            case STORE -> store(s, a);
            case TOUCH -> {
                for (long i = 0; i < s.n(); i++) {
                    memory.putByte(s.x() + i, (byte) (memory.getByte(s.x() + i) + 1));
                }
                yield 0;
            }
            case POLL -> {
                polled[0] = a;
                events[0] = (short) s.f();
                int ready = kernel.poll(polled, events, revents, 1, 0);
                yield ready == 1 ? revents[0] : ready;
            }
            case SHUTDOWN -> kernel.shutdown(a, s.f());
            case RESET -> {
                int result = kernel.setLinger(a, true, 0);
                yield result < 0 ? result : close(s.a());
            }
            case DROP -> {
                int origin = origin(s.a());
                boolean isOnDisk = origin > 1 && Slots.isFile(origin);
                yield isOnDisk && s.f() == 0 ? 0 : kernel.fadvise(a, 0, 0, Uapi.POSIX_FADV_DONTNEED);
            }
        };
    }

    /// The model's unix sockets have no urgent data.
    private int flags(Step s) {
        return Slots.isTcp(origin(s.a())) ? s.f() : s.f() & ~Uapi.MSG_OOB;
    }

    /// Most files are small, so that any length may be asked for; of one with a hole of gigabytes, of a device and of
    /// a file that feeds itself a little is enough.
    private long bounded(long len, int from, int to) {
        if (len >= 0 && len <= LARGE) {
            return len;
        }
        long target = size(to) < 0 ? -1 : stat.inode;
        long device = stat.device;
        boolean endless =
                size(from) > LARGE || stat.type() == Uapi.S_IFCHR || (stat.inode == target && stat.device == device);
        return endless ? LARGE : len;
    }

    private long moved(long result) {
        offIn = in.value;
        offOut = out.value;
        return result;
    }

    private long kept(int slot, int result) {
        if (result >= 0) {
            if (isOpen(slot)) {
                close(slot);
            }
            fds[slot] = result;
            stamps[slot] = NO_TIMES;
            origins[slot] = slot;
        }
        return Math.min(0, result);
    }

    private long both(Step s, int result) {
        if (result >= 0) {
            kept(s.a(), pair[0]);
            kept(s.b(), pair[1]);
        }
        return result;
    }

    private int close(int slot) {
        if (!isOpen(slot)) {
            return kernel.close(-1);
        }
        int fd = fds[slot];
        fds[slot] = CLOSED;
        return kernel.close(fd);
    }

    private long file(Step s) {
        byte[] path = files[s.b()];
        if (s.n() < 0 && !used[s.b()]) {
            return -Errno.ENOENT; // what an earlier script left is not this one's
        }
        if (s.n() >= 0) {
            used[s.b()] = true;
            // A new file: ext4 begins to write one back that was truncated, and it depends on how far that is what a
            // truncation can split. Source: fs/ext4/file.c, ext4_release_file, EXT4_STATE_DA_ALLOC_CLOSE.
            kernel.unlinkat(Uapi.AT_FDCWD, path, 0);
            int flags = Uapi.O_RDWR | Uapi.O_CREAT | Uapi.O_EXCL | Uapi.O_CLOEXEC;
            int fd = kernel.openat(Uapi.AT_FDCWD, path, flags, 0600);
            if (fd < 0) {
                return fd;
            }
            scratch.put(0, CONTENT, s.b() * 1000, (int) s.n());
            kernel.write(fd, scratch, 0, s.n());
            kernel.close(fd);
        }
        int fd = kernel.openat(Uapi.AT_FDCWD, path, s.f() | Uapi.O_NONBLOCK | Uapi.O_CLOEXEC, 0);
        if (fd >= 0) {
            // Reads ahead nothing: how far and in which folios depends on the device (queue/read_ahead_kb).
            kernel.fadvise(fd, 0, 0, RANDOM);
        }
        return kept(s.a(), fd);
    }

    /// Needs no wait: once ctime was asked for, its next value is another (multigrain timestamps, since Linux 6.13).
    private long stamp(Step s) {
        int fd = fd(s.a());
        if (size(fd) < 0 || stat.type() != Uapi.S_IFREG) {
            return -1;
        }
        long atime = s.x() == 0 ? 1 : 4_000_000_000L;
        int result = kernel.utimensat(fd, new byte[0], atime, 0, 2, 0, 0);
        size(fd);
        stamps[s.a()] = times();
        return result;
    }

    private long changed(Step s) {
        long[] before = isOpen(s.a()) ? stamps[s.a()] : NO_TIMES;
        if (before.length == 0 || size(fd(s.a())) < 0) {
            return -1;
        }
        long[] now = times();
        long mask = 0;
        for (int i = 0; i < now.length; i++) {
            mask |= now[i] == before[i] ? 0 : 1L << (i / 2);
        }
        return mask;
    }

    private long[] times() {
        return new long[] {
            stat.atimeSeconds, stat.atimeNanos, stat.mtimeSeconds, stat.mtimeNanos, stat.ctimeSeconds, stat.ctimeNanos
        };
    }

    private long device(Step s) {
        switch (s.b()) {
            case 3 -> {
                return kept(s.a(), kernel.eventfd(5, Uapi.EFD_NONBLOCK | Uapi.EFD_CLOEXEC));
            }
            case 4 -> {
                return kept(s.a(), kernel.epollCreate(Uapi.EPOLL_CLOEXEC));
            }
            case 5 -> {
                return kept(s.a(), kernel.memfdCreate("memory".getBytes(ISO_8859_1), Uapi.MFD_CLOEXEC));
            }
            default -> {}
        }
        String path = s.b() == 0 ? "/dev/null" : s.b() == 1 ? "/dev/zero" : "/dev/full";
        int flags = s.f() | Uapi.O_NONBLOCK | Uapi.O_CLOEXEC;
        return kept(s.a(), kernel.openat(Uapi.AT_FDCWD, path.getBytes(ISO_8859_1), flags, 0));
    }

    private long pipe(Step s) {
        int result = kernel.pipe2(pair, s.f() | Uapi.O_NONBLOCK | Uapi.O_CLOEXEC);
        if (result == 0) {
            // Always set: a user with many pipes gets small ones.
            check(kernel.fcntl(pair[0], Uapi.F_SETPIPE_SZ, s.n() == 0 ? 65536 : s.n()));
        }
        return both(s, result);
    }

    private long tcp(Step s) {
        int type = Uapi.SOCK_STREAM | Uapi.SOCK_CLOEXEC;
        int client = check(kernel.socket(Uapi.AF_INET, type, 0));
        // A source address of its own: the ports of one would run out.
        clients = clients % 0xffff + 1;
        check(kernel.setsockopt(client, Uapi.IPPROTO_IP, Uapi.IP_BIND_ADDRESS_NO_PORT, 1));
        check(kernel.bind(client, loopback(0x10000 + clients, 0)));
        check(kernel.connect(client, address));
        pair[0] = client;
        pair[1] = check(kernel.accept4(listener, Uapi.SOCK_NONBLOCK | Uapi.SOCK_CLOEXEC));
        check(kernel.fcntl(client, Uapi.F_SETFL, Uapi.O_RDWR | Uapi.O_NONBLOCK));
        // Nagle's rule would hold small segments back until the last is acknowledged.
        check(kernel.setsockopt(pair[0], Uapi.IPPROTO_TCP, Uapi.TCP_NODELAY, 1));
        check(kernel.setsockopt(pair[1], Uapi.IPPROTO_TCP, Uapi.TCP_NODELAY, 1));
        return both(s, 0);
    }

    private Span[] spans(Step s) {
        if (s.b() > 0) {
            Span[] many = new Span[s.b()];
            Arrays.fill(many, new Span(memory, s.x(), 0));
            return many;
        }
        if (s.n() == 0 && s.y() != Step.NONE) {
            return NO_SPANS;
        }
        Span first = new Span(memory, s.x(), s.n());
        return s.y() == Step.NONE ? new Span[] {first} : new Span[] {first, new Span(memory, s.y(), s.n())};
    }

    private long store(Step s, int fd) {
        long page = s.x() & -4096;
        if (size(fd) == 0 && stat.type() == Uapi.S_IFCHR) {
            return -1001; // a device's memory is its own matter
        }
        long address = kernel.mmap(4096, Uapi.PROT_READ | Uapi.PROT_WRITE, Uapi.MAP_SHARED, fd, page);
        if (address < 0) {
            return address;
        }
        long size = size(fd);
        if (size <= page) {
            kernel.munmap(address, 4096);
            return -1000; // SIGBUS
        }
        kernel.madvise(address, 4096, RANDOM); // as for files
        try (Memory mapped = kernel.memory(address, 4096)) {
            for (long i = 0; i < s.n() && s.x() - page + i < 4096; i++) {
                mapped.putByte(s.x() - page + i, (byte) (i + s.n()));
            }
        }
        return kernel.munmap(address, 4096);
    }

    private final dev.fid.kernel.Stat stat = new dev.fid.kernel.Stat();

    private long size(int fd) {
        return kernel.fstat(fd, stat) < 0 ? -1 : stat.size;
    }

    // ---- what is left behind ----

    /// Events of all slots, then for `a`, `b` and their other ends the bytes ready or the position. A closed slot has
    /// -1.
    int observe(long[] seen, int a, int b) {
        int open = 0;
        for (int slot = 0; slot < Slots.COUNT; slot++) {
            if (fds[slot] != CLOSED) {
                polled[open] = fds[slot];
                events[open] = Uapi.POLLIN | Uapi.POLLPRI | Uapi.POLLOUT | Uapi.POLLRDHUP;
                open++;
            }
        }
        int at = 0;
        kernel.poll(polled, events, revents, open, 0);
        int next = 0;
        for (int slot = 0; slot < Slots.COUNT; slot++) {
            seen[at++] = fds[slot] == CLOSED ? -1 : revents[next++];
        }
        seen[at++] = look(a);
        seen[at++] = look(b);
        int otherA = peer(a);
        int otherB = peer(b);
        seen[at++] = otherA == a ? 0 : look(otherA);
        seen[at++] = otherB == b || otherB == a ? 0 : look(otherB);
        return at;
    }

    /// An open slot of the other end, or the slot itself where there is none.
    int peer(int slot) {
        int origin = origin(slot);
        int other = Slots.peer(origin);
        return other == origin ? slot : withOrigin(other);
    }

    /// Bytes ready in a pipe or socket, the position of anything else; -1 for a closed slot.
    long look(int slot) {
        int origin = origin(slot);
        if (origin < 0) {
            return -1;
        }
        return Slots.isPipe(origin) || Slots.isSocket(origin)
                ? kernel.fionread(fds[slot])
                : kernel.lseek(fds[slot], 0, Uapi.SEEK_CUR);
    }

    /// Bytes that were sent to an open socket of the model and not read yet, behind an urgent mark too.
    long unread(int slot) {
        if (!isOpen(slot)) {
            return 0;
        }
        return kernel instanceof ModelKernel model ? model.received(fds[slot]).bytes() : Math.max(0, look(slot));
    }

    /// What poll(2) says of an open slot.
    int events(int slot) {
        polled[0] = fds[slot];
        events[0] = Uapi.POLLIN | Uapi.POLLOUT | Uapi.POLLRDHUP;
        kernel.poll(polled, events, revents, 1, 0);
        return revents[0];
    }

    // ---- how a pipe's bytes are cut ----

    private final int[] copy = {-1, -1};
    private final int[] single = {-1, -1};
    private int sink = -1;

    /// The lengths of the buffers in the pipe of read end `slot`, first to last: what is teed is taken out again by a
    /// pipe of one slot, buffer by buffer. The pipe itself is not changed.
    List<Long> buffers(int slot) {
        if (sink < 0) {
            sink = check(
                    kernel.openat(Uapi.AT_FDCWD, "/dev/null".getBytes(ISO_8859_1), Uapi.O_WRONLY | Uapi.O_CLOEXEC, 0));
            check(kernel.pipe2(copy, Uapi.O_NONBLOCK | Uapi.O_CLOEXEC));
            check(kernel.pipe2(single, Uapi.O_NONBLOCK | Uapi.O_CLOEXEC));
            check(kernel.fcntl(copy[0], Uapi.F_SETPIPE_SZ, 256L << 12));
            check(kernel.fcntl(single[0], Uapi.F_SETPIPE_SZ, 4096));
        }
        List<Long> lengths = new ArrayList<>();
        long left = kernel.tee(fds[slot], copy[1], Integer.MAX_VALUE, Uapi.SPLICE_F_NONBLOCK);
        while (left > 0) {
            long len = kernel.splice(copy[0], null, single[1], null, Integer.MAX_VALUE, Uapi.SPLICE_F_NONBLOCK);
            if (len <= 0 || kernel.splice(single[0], null, sink, null, len, 0) != len) {
                throw new AssertionError("a pipe cannot be looked into: " + len);
            }
            lengths.add(len);
            left -= len;
        }
        return lengths;
    }

    /// Writes until a pipe or socket takes no more; returns the bytes and the last result. A pipe gets one byte, which
    /// may go behind others, and then one for each slot that is free.
    long[] fillUp(int slot) {
        long sum = 0;
        long result = 0;
        boolean pipe = Slots.isPipe(origin(slot));
        for (int i = 0; i < 1000; i++) {
            if (pipe && i > 0) {
                result = kernel.vmsplice(fds[slot], singles, Uapi.SPLICE_F_NONBLOCK);
            } else {
                result = kernel.write(fds[slot], scratch, FILLER, pipe ? 1 : 3000);
            }
            if (result <= 0) {
                break;
            }
            sum += result;
        }
        return new long[] {sum, result};
    }

    /// Reads `slot` until nothing is left, to `into` from `at`, and returns the bytes there; the last result is the
    /// first number of `end`.
    int drain(int slot, byte[] into, int at, long[] end) {
        int sum = at;
        long result = 0;
        while (sum < into.length) {
            int room = Math.min(into.length - sum, SCRATCH);
            result = kernel.read(fds[slot], scratch, 0, room);
            if (result <= 0) {
                break;
            }
            scratch.get(0, into, sum, (int) result);
            sum += (int) result;
        }
        end[0] = result;
        return sum;
    }

    /// The first MiB of a file, and its size.
    int file(int index, byte[] into, long[] size) {
        size[0] = -1;
        if (!used[index]) {
            return -1;
        }
        int fd = kernel.openat(Uapi.AT_FDCWD, files[index], Uapi.O_RDONLY | Uapi.O_CLOEXEC, 0);
        if (fd < 0) {
            return fd;
        }
        size[0] = size(fd);
        int sum = 0;
        int most = (int) Math.min(size[0], FINAL_BYTES);
        while (sum < most) {
            long n = kernel.pread(fd, scratch, 0, Math.min(most - sum, SCRATCH), sum);
            if (n <= 0) {
                break;
            }
            scratch.get(0, into, sum, (int) n);
            sum += (int) n;
        }
        kernel.close(fd);
        return sum;
    }

    @Override
    public void close() {
        end();
        for (int fd : new int[] {listener, sink, copy[0], copy[1], single[0], single[1]}) {
            kernel.close(fd);
        }
        memory.close();
        scratch.close();
    }
}
