package dev.fid.tests.model;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import dev.fid.Fd;
import dev.fid.Method;
import dev.fid.fanout.Fanout;
import dev.fid.files.Replacement;
import dev.fid.files.Tree;
import dev.fid.kernel.Errno;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Memory;
import dev.fid.kernel.Offset;
import dev.fid.kernel.Stat;
import dev.fid.kernel.Uapi;
import dev.fid.transfer.Transfer;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// Three files in a folder of one kernel, and arrays that say what must be in them. Each step is done to both.
final class FileWorld implements AutoCloseable {
    static final int[] MODES = {
        0,
        Uapi.FALLOC_FL_KEEP_SIZE,
        Uapi.FALLOC_FL_PUNCH_HOLE | Uapi.FALLOC_FL_KEEP_SIZE,
        Uapi.FALLOC_FL_PUNCH_HOLE | Uapi.FALLOC_FL_KEEP_SIZE,
        Uapi.FALLOC_FL_ZERO_RANGE,
        Uapi.FALLOC_FL_ZERO_RANGE | Uapi.FALLOC_FL_KEEP_SIZE
    };
    /// The first is the ladder's own choice.
    static final List<Method> METHODS = List.of(
            Method.REFLINK,
            Method.REFLINK,
            Method.COPY_FILE_RANGE,
            Method.SENDFILE,
            Method.SPLICE_THROUGH_PIPE,
            Method.MMAP,
            Method.MMAP_SEGMENTS,
            Method.READ_WRITE);

    static final List<Tree.Holes> HOLES = List.of(Tree.Holes.values());

    private static final int MOST = 1 << 20;
    private static final int PAGE = 4096;

    private final Kernel kernel;
    private final Path[] paths;
    private final Fd[] fds;
    private final byte[][] expected = new byte[FileStep.FILES][];
    private final Memory memory;
    private final Stat stat = new Stat();

    FileWorld(Kernel kernel, Path folder) {
        this.kernel = kernel;
        paths = IntStream.range(0, FileStep.FILES)
                .mapToObj(i -> folder.resolve("f" + i))
                .toArray(Path[]::new);
        fds = new Fd[FileStep.FILES];
        memory = kernel.allocate(MOST);
    }

    @Override
    public void close() {
        for (Fd fd : fds) {
            if (fd != null) {
                fd.close();
            }
        }
        memory.close();
    }

    /// Empties all files.
    void begin() throws IOException {
        for (int i = 0; i < fds.length; i++) {
            if (fds[i] != null) {
                fds[i].close();
            }
            kernel.unlinkat(Uapi.AT_FDCWD, bytes(paths[i]), 0);
            fds[i] = Fd.open(kernel, paths[i], READ, WRITE, CREATE);
            expected[i] = new byte[0];
        }
    }

    private void reopen(int file) throws IOException {
        fds[file].close();
        fds[file] = Fd.open(kernel, paths[file], READ, WRITE);
    }

    private static byte[] bytes(Path path) {
        return path.toString().getBytes(UTF_8);
    }

    // ---- what must be there ----

    private long size(int file) {
        return expected[file].length;
    }

    /// The bytes of `file` from `at` on, at most `len`.
    private byte[] part(int file, long at, long len) {
        long end = Math.min(at + len, size(file));
        return at >= end ? new byte[0] : Arrays.copyOfRange(expected[file], (int) at, (int) end);
    }

    private void expect(int file, long at, byte[] content) {
        if (content.length > 0) {
            expected[file] = Arrays.copyOf(expected[file], (int) Math.max(size(file), at + content.length));
            System.arraycopy(content, 0, expected[file], (int) at, content.length);
        }
    }

    private void expectSize(int file, long size) {
        expected[file] = Arrays.copyOf(expected[file], (int) size);
    }

    private static byte[] content(FileStep step, int number) {
        byte[] content = new byte[(int) step.n()];
        for (int i = 0; i < content.length; i++) {
            content[i] = (byte) (1 + (number * 37 + i + i / 251) % 255);
        }
        return content;
    }

    // ---- steps ----

    /// Does one step.
    ///
    /// @param number of the step, so that no two write the same
    /// @return bytes that went, or -errno of a call that changed nothing
    long run(FileStep s, int number) throws IOException {
        return s.act().isCopy() ? copy(s) : alter(s, number);
    }

    private long alter(FileStep s, int number) throws IOException {
        int file = s.a();
        int fd = fds[file].number();
        long x = s.x();
        long n = s.n();
        byte[] content = content(s, number);
        memory.put(0, content, 0, content.length);
        return switch (s.act()) {
            case WRITE -> {
                long result = written(fd, n, x);
                expect(file, x, content);
                yield result;
            }
            case APPEND, DIRECT -> {
                boolean append = s.act() == FileStep.Act.APPEND;
                int flags = append ? Uapi.O_APPEND : Uapi.O_DIRECT;
                int own = kernel.openat(Uapi.AT_FDCWD, bytes(paths[file]), Uapi.O_WRONLY | Uapi.O_CLOEXEC | flags, 0);
                if (own < 0) {
                    yield own;
                }
                long at = append ? size(file) : x;
                long result = append ? kernel.write(own, memory, 0, n) : kernel.pwrite(own, memory, 0, n, x);
                kernel.close(own);
                if (result > 0) {
                    expect(file, at, Arrays.copyOf(content, (int) result));
                }
                yield result;
            }
            case TRUNCATE -> {
                int result = kernel.ftruncate(fd, x);
                expectSize(file, x);
                yield result;
            }
            case ALLOCATE -> {
                int mode = MODES[s.f()];
                int result = kernel.fallocate(fd, mode, x, n);
                if (result == 0) {
                    if ((mode & Uapi.FALLOC_FL_KEEP_SIZE) == 0) {
                        expectSize(file, Math.max(size(file), x + n));
                    }
                    if ((mode & ~Uapi.FALLOC_FL_KEEP_SIZE) != 0 && x < size(file)) {
                        Arrays.fill(expected[file], (int) x, (int) Math.min(x + n, size(file)), (byte) 0);
                    }
                }
                yield result;
            }
            case STORE, LOAD -> mapped(s, content);
            case SYNC -> {
                int result = kernel.fsync(fd);
                kernel.fadvise(fd, 0, 0, Uapi.POSIX_FADV_DONTNEED);
                yield result;
            }
            default -> {
                reopen(file);
                yield 0;
            }
        };
    }

    /// Stores or reads what lies within the file.
    private long mapped(FileStep s, byte[] content) throws IOException {
        int file = s.a();
        long len = Math.min(s.n(), size(file) - s.x());
        if (len <= 0) {
            return 0;
        }
        long from = s.x() & -PAGE;
        long whole = s.x() + len - from;
        int prot = Uapi.PROT_READ | Uapi.PROT_WRITE;
        long address = kernel.mmap(whole, prot, Uapi.MAP_SHARED, fds[file].number(), from);
        if (address < 0) {
            return address;
        }
        try (Memory mapping = kernel.memory(address, whole)) {
            if (s.act() == FileStep.Act.STORE) {
                mapping.put(s.x() - from, content, 0, (int) len);
                expect(file, s.x(), Arrays.copyOf(content, (int) len));
            } else {
                same(file, "mapping", from, mapping.bytes(0, (int) whole));
            }
        }
        kernel.munmap(address, whole);
        return len;
    }

    private long written(int fd, long len, long off) throws IOException {
        for (long done = 0; done < len; ) {
            long result = kernel.pwrite(fd, memory, done, len - done, off + done);
            must("pwrite", result);
            done += result;
        }
        return len;
    }

    private static void must(String call, long result) throws IOException {
        if (result <= 0) {
            throw new IOException(call + " gave " + show(result));
        }
    }

    static String show(long result) {
        return result < 0 ? "-" + Errno.name((int) -result) : Long.toString(result);
    }

    private long copy(FileStep s) throws IOException {
        boolean whole = s.act() == FileStep.Act.TREE;
        byte[] part = whole ? expected[s.a()].clone() : part(s.a(), s.x(), s.has(FileStep.TO_END) ? MOST : s.n());
        long result = switch (s.act()) {
            case READ_WRITE, JAVA, SENDFILE, SPLICE, COPY_RANGE -> byCalls(s, part.length);
            case CLONE -> {
                int cloned = kernel.ficlonerange(fds[s.a()].number(), s.x(), s.n(), fds[s.b()].number(), s.y());
                yield cloned < 0 ? cloned : s.n();
            }
            case TRANSFER -> transfer(s);
            case FANOUT -> fanout(s);
            case TREE -> tree(s);
            default -> replace(s, part);
        };
        if (result < 0) {
            return result;
        }
        if (result != part.length) {
            throw new IOException("moved " + result + " instead of " + part.length);
        }
        switch (s.act()) {
            case REPLACE -> expected[s.b()] = s.has(FileStep.COMMIT) ? part : expected[s.b()];
            case TREE -> expected[s.b()] = part;
            case FANOUT -> {
                expect(s.b(), s.y(), part);
                expect(third(s), s.y(), part);
            }
            default -> expect(s.b(), s.y(), part);
        }
        return result;
    }

    private static int third(FileStep s) {
        return FileStep.FILES - s.a() - s.b();
    }

    private long byCalls(FileStep s, long len) throws IOException {
        int in = fds[s.a()].number();
        int out = fds[s.b()].number();
        Offset offIn = new Offset(s.x());
        Offset offOut = new Offset(s.y());
        int[] pipe = new int[2];
        if (s.act() == FileStep.Act.SPLICE) {
            kernel.pipe2(pipe, Uapi.O_CLOEXEC);
        }
        kernel.lseek(out, s.y(), Uapi.SEEK_SET);
        try {
            long done = 0;
            while (done < len) {
                long rest = len - done;
                long result = switch (s.act()) {
                    case SENDFILE -> kernel.sendfile(in, offIn, out, rest);
                    case COPY_RANGE -> kernel.copyFileRange(in, offIn, out, offOut, rest, 0);
                    case SPLICE -> spliced(in, offIn, out, offOut, rest, pipe);
                    case JAVA ->
                        kernel.isHost()
                                ? byJava(s, done, rest)
                                : readAndWritten(in, s.x() + done, out, s.y() + done, rest);
                    default -> readAndWritten(in, s.x() + done, out, s.y() + done, rest);
                };
                if (done == 0 && result < 0) {
                    return result;
                }
                must(s.act().toString(), result);
                done += result;
            }
            return done;
        } finally {
            if (pipe[1] != 0) {
                kernel.close(pipe[0]);
                kernel.close(pipe[1]);
            }
        }
    }

    private long readAndWritten(int in, long offIn, int out, long offOut, long len) throws IOException {
        long read = kernel.pread(in, memory, 0, len, offIn);
        return read <= 0 ? read : written(out, read, offOut);
    }

    private long spliced(int in, Offset offIn, int out, Offset offOut, long len, int[] pipe) throws IOException {
        long filled = kernel.splice(in, offIn, pipe[1], null, len, 0);
        for (long left = filled; left > 0; ) {
            long drained = kernel.splice(pipe[0], null, out, offOut, left, 0);
            must("splice", drained);
            left -= drained;
        }
        return filled;
    }

    private long byJava(FileStep s, long done, long len) throws IOException {
        try (FileChannel in = FileChannel.open(paths[s.a()]);
                FileChannel out = FileChannel.open(paths[s.b()], WRITE)) {
            out.position(s.y() + done);
            return in.transferTo(s.x() + done, len, out);
        }
    }

    // ---- by Fid ----

    private @Nullable Method method(FileStep s) {
        int index = s.f() % METHODS.size();
        return index == 0 ? null : METHODS.get(index);
    }

    private long transfer(FileStep s) throws IOException {
        Fd in = fds[s.a()];
        Fd out = fds[s.b()];
        Transfer transfer = Transfer.from(in)
                .to(out)
                .length(s.has(FileStep.TO_END) ? Transfer.TO_END : s.n())
                .sparse(s.has(FileStep.SPARSE))
                .method(method(s));
        if (!s.has(FileStep.POSITIONS)) {
            return transfer.offIn(s.x()).offOut(s.y()).run().bytes();
        }
        kernel.lseek(in.number(), s.x(), Uapi.SEEK_SET);
        kernel.lseek(out.number(), s.y(), Uapi.SEEK_SET);
        long moved = transfer.run().bytes();
        positionIs(in, s.x() + moved);
        positionIs(out, s.y() + moved);
        return moved;
    }

    private void positionIs(Fd fd, long position) throws IOException {
        long got = kernel.lseek(fd.number(), 0, Uapi.SEEK_CUR);
        if (got != position) {
            throw new IOException(fd + " is at " + show(got) + " instead of " + position);
        }
    }

    private long fanout(FileStep s) throws IOException {
        Fd in = fds[s.a()];
        kernel.lseek(in.number(), s.x(), Uapi.SEEK_SET);
        kernel.lseek(fds[s.b()].number(), s.y(), Uapi.SEEK_SET);
        kernel.lseek(fds[third(s)].number(), s.y(), Uapi.SEEK_SET);
        Fanout.Result result = Fanout.from(in)
                .to(fds[s.b()], fds[third(s)])
                .length(s.has(FileStep.TO_END) ? Transfer.TO_END : s.n())
                .copying(s.has(FileStep.SPARSE))
                .run();
        if (!result.isComplete()) {
            throw new IOException(result.toString());
        }
        return result.bytes();
    }

    private long replace(FileStep s, byte[] part) throws IOException {
        long moved;
        try (Replacement file = Replacement.of(kernel, paths[s.b()], 0600)) {
            moved = Transfer.from(fds[s.a()])
                    .to(file.fd())
                    .offIn(s.x())
                    .offOut(0)
                    .length(part.length)
                    .sparse(s.has(FileStep.SPARSE))
                    .method(method(s))
                    .run()
                    .bytes();
            if (s.has(FileStep.COMMIT)) {
                file.commit(false);
            }
        }
        reopen(s.b());
        return moved;
    }

    /// By what `fid copy` does with a file.
    private long tree(FileStep s) throws IOException {
        StringBuilder failures = new StringBuilder();
        Tree.Report report = Tree.from(paths[s.a()])
                .on(kernel)
                .to(paths[s.b()])
                .exact(true)
                .holes(HOLES.get(s.f() % HOLES.size()))
                .inPlace(s.has(FileStep.IN_PLACE))
                .share(!s.has(FileStep.APART), false)
                .cached(!s.has(FileStep.UNCACHED))
                .method(s.has(FileStep.METHOD) ? method(s) : null)
                .failures(failure -> failures.append(failure))
                .run();
        if (report.files() != 1 || report.failed() > 0) {
            throw new IOException(report.files() + " files, " + failures);
        }
        reopen(s.b());
        return size(s.a()); // the report's bytes leave out holes where a method did
    }

    // ---- what is there ----

    /// Looks at what a step may have changed. No other file is read, so that pages which {@link FileStep.Act#SYNC}
    /// dropped
    /// are not there when the next step meets them.
    ///
    /// @throws IOException that says the difference
    void check(FileStep step) throws IOException {
        switch (step.act()) {
            case SYNC, LOAD, REOPEN -> {}
            case FANOUT -> {
                check(step.b());
                check(third(step));
            }
            default -> check(step.act().isCopy() ? step.b() : step.a());
        }
    }

    /// Looks at all files, through Java, too.
    void check() throws IOException {
        for (int file = 0; file < fds.length; file++) {
            check(file);
            if (kernel.isHost()) {
                same(file, "by Java, file", 0, Files.readAllBytes(paths[file]));
            }
        }
    }

    /// Its size, its bytes, and that only zeros lie in holes.
    private void check(int file) throws IOException {
        int fd = fds[file].number();
        kernel.fstat(fd, stat);
        if (stat.size != size(file)) {
            throw new IOException("size of file " + file + ": " + stat.size + " instead of " + size(file));
        }
        holes(file);
        long read = 0;
        for (long got = 1; got > 0; read += Math.max(0, got)) {
            got = kernel.pread(fd, memory, read, MOST - read, read);
            if (got < 0) {
                throw new IOException("pread of file " + file + " at " + read + " gave " + show(got));
            }
        }
        same(file, "file", 0, memory.bytes(0, (int) read));
    }

    private void same(int file, String what, long from, byte[] got) throws IOException {
        byte[] right = part(file, from, got.length);
        int at = Arrays.mismatch(right, got);
        if (at >= 0) {
            throw new IOException(what + " " + file + ", byte " + (from + at) + " of " + size(file) + ": "
                    + (at < got.length ? got[at] : "none") + " instead of "
                    + (at < right.length ? right[at] : "none"));
        }
    }

    private void holes(int file) throws IOException {
        int fd = fds[file].number();
        for (long at = 0; at < size(file); ) {
            long data = kernel.lseek(fd, at, Uapi.SEEK_DATA);
            if (data < 0 && data != -Errno.ENXIO) {
                return; // not told by this file system
            }
            long end = data < 0 ? size(file) : data;
            for (long i = at; i < end; i++) {
                if (expected[file][(int) i] != 0) {
                    throw new IOException("file " + file + " has a hole from " + at + " to " + end + " with byte " + i);
                }
            }
            at = data < 0 ? end : kernel.lseek(fd, data, Uapi.SEEK_HOLE);
            if (at < 0) {
                return;
            }
        }
    }
}
