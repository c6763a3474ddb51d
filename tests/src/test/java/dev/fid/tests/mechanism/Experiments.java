package dev.fid.tests.mechanism;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.fid.Fd;
import dev.fid.kernel.Errno;
import dev.fid.kernel.Memory;
import dev.fid.kernel.Offset;
import dev.fid.kernel.Span;
import dev.fid.kernel.Uapi;
import dev.fid.model.Freedom;
import dev.fid.model.Ledger;
import dev.fid.model.Limits;
import dev.fid.model.ModelClock;
import dev.fid.model.ModelKernel;
import dev.fid.model.Profile;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Every call of the table in docs/mechanism.md, made once on a model with sixteen pages.
final class Experiments {
    static final int PAGES = 16;
    private static final int BYTES = PAGES << 12;

    /// What a call said and cost.
    ///
    /// @param result bytes or -errno
    /// @param bill of this call alone
    /// @param functions that it passed
    record Outcome(long result, Ledger.Bill bill, List<String> functions) {
        /// How often the CPU copied each byte, `1/16` where it copied one page of the sixteen; the errno where
        /// it was refused.
        String copied() {
            if (result < 0) {
                return "`" + Errno.name((int) -result) + "`";
            }
            if (result != BYTES) {
                throw new AssertionError(result + " bytes moved instead of " + BYTES);
            }
            long pages = bill.copied() >> 12;
            return pages % PAGES == 0 ? Long.toString(pages / PAGES) : pages + "/" + PAGES;
        }

        /// References for each page; what is held by fragments of several pages has no such number.
        static String perPage(long references) {
            return references % PAGES == 0 ? Long.toString(references / PAGES) : "by fragment";
        }
    }

    private interface Call {
        long make(Experiments on) throws IOException;
    }

    /// By `call | from | to`, as the table has them.
    private static final Map<String, Call> CALLS = calls();

    private final ModelKernel kernel;
    private final Memory memory;
    /// The bill before the call: what prepares for it is not counted.
    private Ledger.Bill before;

    private Experiments(Profile profile) {
        kernel = new ModelKernel(profile, Limits.USUAL, Freedom.USUAL, ModelClock.virtual());
        memory = kernel.allocate(BYTES);
        for (int i = 0; i < BYTES; i++) {
            memory.putByte(i, (byte) (i % 251));
        }
        before = kernel.ledger().total();
    }

    static List<String> names() {
        return List.copyOf(CALLS.keySet());
    }

    static Outcome run(String name, Profile profile) throws IOException {
        Experiments on = new Experiments(profile);
        Call call = CALLS.get(name);
        if (call == null) {
            throw new AssertionError("nobody knows how to try: " + name);
        }
        long result = call.make(on);
        Ledger ledger = on.kernel.ledger();
        return new Outcome(result, ledger.total().minus(on.before), ledger.functions());
    }

    private static Map<String, Call> calls() {
        Map<String, Call> calls = new LinkedHashMap<>();
        calls.put("`read` | file | memory", on -> on.read(on.file()));
        calls.put("`write` | memory | file", on -> on.write(on.emptyFile()));
        calls.put("`write` | memory | pipe", on -> on.write(on.pipe()[1]));
        calls.put("`read` | pipe | memory", on -> on.read(on.fullPipe()[0]));
        calls.put("`write` | memory | TCP", on -> on.write(on.tcp()[1]));
        calls.put("`mmap`, memcpy | file | file", Experiments::memcpy);
        calls.put("`mmap`, `write` | file | file", Experiments::writeFromMapping);
        calls.put("`splice` | file | pipe", on -> on.splice(on.file(), on.pipe()[1]));
        calls.put("`splice` | /dev/zero | pipe", on -> on.splice(on.device("zero"), on.pipe()[1]));
        calls.put("`splice` | TCP | pipe", on -> on.splice(on.fullTcp(), on.pipe()[1]));
        calls.put("`splice` | unix | pipe", on -> on.splice(on.fullUnix(), on.pipe()[1]));
        calls.put("`splice` | pipe | file", on -> on.splice(on.fullPipe()[0], on.emptyFile()));
        calls.put("`splice` | pipe | TCP", on -> on.splice(on.fullPipe()[0], on.tcp()[1]));
        calls.put("`splice` | pipe | unix", on -> on.splice(on.fullPipe()[0], on.unix()[1]));
        calls.put("`splice` | pipe | pipe", on -> on.splice(on.fullPipe()[0], on.pipe()[1]));
        calls.put("`splice` | pipe | /dev/null", on -> on.splice(on.fullPipe()[0], on.device("null")));
        calls.put("`tee` | pipe | pipe", on -> {
            int in = on.fullPipe()[0];
            int out = on.pipe()[1];
            on.start();
            return on.kernel.tee(in, out, BYTES, 0);
        });
        calls.put("`vmsplice` | memory | pipe", on -> on.vmsplice(on.pipe()[1]));
        calls.put("`vmsplice` | pipe | memory", on -> on.vmsplice(on.fullPipe()[0]));
        calls.put("`sendfile` | file | TCP", on -> on.sendfile(on.tcp()[1]));
        calls.put("`sendfile` | file | file", on -> on.sendfile(on.emptyFile()));
        calls.put("`sendfile` | file | pipe", on -> on.sendfile(on.pipe()[1]));
        calls.put("`copy_file_range` | file | file", on -> {
            int in = on.file();
            int out = on.emptyFile();
            on.start();
            return on.kernel.copyFileRange(in, null, out, null, BYTES, 0);
        });
        return calls;
    }

    // ---- calls ----

    private void start() {
        before = kernel.ledger().total();
    }

    private long read(int in) {
        start();
        return kernel.read(in, memory, 0, BYTES);
    }

    private long write(int out) {
        start();
        return kernel.write(out, memory, 0, BYTES);
    }

    private long splice(int in, int out) {
        start();
        return kernel.splice(in, null, out, null, BYTES, 0);
    }

    private long vmsplice(int pipe) {
        start();
        return kernel.vmsplice(pipe, new Span[] {new Span(memory, 0, BYTES)}, 0);
    }

    private long sendfile(int out) throws IOException {
        int in = file();
        start();
        return kernel.sendfile(in, null, out, BYTES);
    }

    private long memcpy() throws IOException {
        int out = emptyFile();
        kernel.ftruncate(out, BYTES);
        Memory source = mapping(file(), Uapi.PROT_READ);
        Memory target = mapping(out, Uapi.PROT_READ | Uapi.PROT_WRITE);
        start();
        source.copyTo(0, target, 0, BYTES);
        return BYTES;
    }

    private long writeFromMapping() throws IOException {
        Memory source = mapping(file(), Uapi.PROT_READ);
        int out = emptyFile();
        start();
        return kernel.write(out, source, 0, BYTES);
    }

    private Memory mapping(int file, int protection) {
        return kernel.memory(kernel.mmap(BYTES, protection, Uapi.MAP_SHARED, file, 0), BYTES);
    }

    // ---- descriptors ----

    private int emptyFile() {
        return kernel.openat(Uapi.AT_FDCWD, "/tmp".getBytes(US_ASCII), Uapi.O_RDWR | Uapi.O_TMPFILE, 0600);
    }

    /// A file whose pages are not in memory, each a folio of its own once they are.
    private int file() {
        int file = emptyFile();
        kernel.pwrite(file, memory, 0, BYTES, 0);
        kernel.fsync(file);
        kernel.fadvise(file, 0, 0, Uapi.POSIX_FADV_DONTNEED);
        return file;
    }

    private int[] pipe() {
        int[] ends = new int[2];
        kernel.pipe2(ends, Uapi.O_NONBLOCK);
        return ends;
    }

    /// With the pages of a file.
    private int[] fullPipe() {
        int[] ends = pipe();
        kernel.splice(file(), new Offset(0), ends[1], null, BYTES, 0);
        return ends;
    }

    private int device(String name) {
        return kernel.openat(Uapi.AT_FDCWD, ("/dev/" + name).getBytes(US_ASCII), Uapi.O_RDWR, 0);
    }

    /// What is written to `[1]` is read from `[0]`.
    private int[] tcp() throws IOException {
        try (Fd listener = Fd.listen(kernel, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 4)) {
            Fd client = Fd.connect(kernel, listener.localAddress(), null);
            return new int[] {listener.accept().number(), client.number()};
        }
    }

    private int[] unix() throws IOException {
        Fd[] pair = Fd.pair(kernel);
        return new int[] {pair[0].number(), pair[1].number()};
    }

    private int fullTcp() throws IOException {
        int[] pair = tcp();
        kernel.write(pair[1], memory, 0, BYTES);
        return pair[0];
    }

    private int fullUnix() throws IOException {
        int[] pair = unix();
        kernel.write(pair[1], memory, 0, BYTES);
        return pair[0];
    }
}
