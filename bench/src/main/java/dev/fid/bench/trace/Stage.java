package dev.fid.bench.trace;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.fid.Fd;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Memory;
import dev.fid.kernel.Uapi;
import dev.fid.model.Freedom;
import dev.fid.model.Ledger;
import dev.fid.model.Limits;
import dev.fid.model.ModelClock;
import dev.fid.model.ModelKernel;
import dev.fid.model.Page;
import dev.fid.model.PageCache;
import dev.fid.model.PipeBuffer;
import dev.fid.model.PipeRing;
import dev.fid.model.Profile;
import dev.fid.model.SocketQueue;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What a walk takes place on: a model kernel, descriptors of the places that are asked for, and whoever writes
/// and reads at their other ends. Those act when the program waits, and only then, so a walk is the same every
/// time.
public final class Stage {
    /// Bytes that a peer writes or reads at once.
    private static final int PIECE = 256 << 10; // 256 KiB

    private static final int FIRST_PAGES = 32;

    private final ModelKernel model;
    private final Recorder recorder;
    private final Memory scratch;
    private final List<End> ends = new ArrayList<>();
    private final Map<Integer, String> names = new HashMap<>();
    private final Map<String, Integer> rings = new LinkedHashMap<>();
    private final Map<String, Integer> stores = new LinkedHashMap<>();
    private final Map<String, Integer> queues = new LinkedHashMap<>();
    /// Names of pages that are no file's, by the page's number.
    private final Map<Long, String> pages = new HashMap<>();

    private final Map<Character, Integer> counts = new HashMap<>();
    private int pipes;

    Stage(Profile profile) {
        model = new ModelKernel(profile, Limits.USUAL, Freedom.USUAL, ModelClock.virtual());
        recorder = new Recorder(this, model);
        scratch = model.allocate(PIECE);
    }

    /// One end of the way.
    final class End {
        final Place place;
        final String name;
        final Fd fd;
        /// The other end of a stream, -1 where nobody is there.
        final int peer;

        private final boolean input;
        private final long length;
        private long done;

        private End(Place place, String name, int number, int peer, boolean input, long length) {
            this.place = place;
            this.name = name;
            this.peer = peer;
            this.input = input;
            this.length = length;
            fd = Fd.own(recorder.kernel(), number, name);
            names.put(number, name);
            ends.add(this);
        }

        /// The next piece into the input; then its end.
        private void give() {
            if (peer < 0 || done == length) {
                return;
            }
            int len = (int) Math.min(PIECE, length - done);
            scratch.put(0, content(done, len), 0, len);
            recorder.other(Step.Actor.WRITER, "write", name + ", len=" + len, () -> {
                long written = model.write(peer, scratch, 0, len);
                done += Math.max(0, written);
                return written;
            });
            if (done == length && place == Place.PIPE) {
                model.close(peer);
            } else if (done == length) {
                model.shutdown(peer, Uapi.SHUT_WR);
            }
        }

        /// Reads what has come to the output; false where nothing has.
        private boolean take() {
            if (peer < 0 || model.fionread(peer) <= 0) {
                return false;
            }
            long got = recorder.other(
                    Step.Actor.READER, "read", name + ", len=" + PIECE, () -> model.read(peer, scratch, 0, PIECE));
            if (got > 0) {
                check(done, scratch.bytes(0, (int) got));
                done += got;
            }
            return got > 0;
        }
    }

    // ---- content ----

    /// The byte `i` is `(7 * i + i / 256) % 251`, so that no two pages are equal.
    static byte[] content(long from, int len) {
        byte[] bytes = new byte[len];
        for (int i = 0; i < len; i++) {
            long at = from + i;
            bytes[i] = (byte) ((7 * at + at / 256) % 251);
        }
        return bytes;
    }

    /// Whether what arrived may differ from the content, as where the source is changed on the way.
    boolean changing;

    private boolean zeros;

    private void check(long from, byte[] bytes) {
        byte[] expected = zeros ? new byte[bytes.length] : content(from, bytes.length);
        if (!changing && java.util.Arrays.mismatch(bytes, expected) >= 0) {
            throw new IllegalStateException("other bytes arrived than were sent, behind byte " + from);
        }
    }

    // ---- the ends ----

    /// The kernel that a program of the walk runs on.
    public Kernel kernel() {
        return recorder.kernel();
    }

    /// An input of `length` bytes.
    End input(Place place, String name, long length) throws IOException {
        return switch (place) {
            case FILE, TMPFS, APPEND -> {
                int fd = create(place, "in");
                fill(fd, length);
                if (place != Place.TMPFS) {
                    model.fsync(fd);
                    model.fadvise(fd, 0, 0, Uapi.POSIX_FADV_DONTNEED);
                }
                stores.put(name, fd);
                yield new End(place, name, fd, -1, true, length);
            }
            case ZERO, NULL, MEMORY -> {
                zeros = place == Place.ZERO;
                yield new End(place, name, device("zero"), -1, true, length);
            }
            case PIPE, TCP, UNIX -> {
                int[] pair = pair(place);
                watch(place, name, pair[0]);
                End end = new End(place, name, pair[0], pair[1], true, length);
                end.give();
                yield end;
            }
        };
    }

    /// An output.
    End output(Place place, String name) throws IOException {
        return switch (place) {
            case FILE, TMPFS, APPEND -> {
                int fd = create(place, "out" + ends.size());
                stores.put(name, fd);
                yield new End(place, name, fd, -1, false, 0);
            }
            case ZERO, NULL, MEMORY -> new End(place, name, device("null"), -1, false, 0);
            case PIPE, TCP, UNIX -> {
                int[] pair = pair(place);
                watch(place, name, pair[0]);
                yield new End(place, name, pair[1], pair[0], false, 0);
            }
        };
    }

    /// User memory with the content in it.
    Memory memory(long length) {
        Memory memory = model.allocate(length);
        for (long at = 0; at < length; at += PIECE) {
            int len = (int) Math.min(PIECE, length - at);
            memory.put(at, content(at, len), 0, len);
        }
        return memory;
    }

    private void watch(Place place, String name, int readEnd) {
        (place == Place.PIPE ? rings : queues).put(name, readEnd);
    }

    private int create(Place place, String name) throws IOException {
        String path = (place == Place.TMPFS ? "/dev/shm/" : "/") + name;
        int flags = Uapi.O_RDWR | Uapi.O_CREAT | (place == Place.APPEND ? Uapi.O_APPEND : 0);
        return made(model.openat(Uapi.AT_FDCWD, path.getBytes(US_ASCII), flags, 0600), "openat");
    }

    private int device(String name) throws IOException {
        return made(model.openat(Uapi.AT_FDCWD, ("/dev/" + name).getBytes(US_ASCII), Uapi.O_RDWR, 0), "openat");
    }

    private void fill(int fd, long length) throws IOException {
        for (long at = 0; at < length; at += PIECE) {
            int len = (int) Math.min(PIECE, length - at);
            scratch.put(0, content(at, len), 0, len);
            made((int) model.pwrite(fd, scratch, 0, len, at), "pwrite");
        }
    }

    private static int made(int result, String call) throws IOException {
        if (result < 0) {
            throw new ErrnoException(call, "on the model", -result);
        }
        return result;
    }

    /// Two ends of a stream: what is written to `[1]` is read from `[0]`.
    private int[] pair(Place place) throws IOException {
        if (place == Place.PIPE) {
            int[] fds = new int[2];
            made(model.pipe2(fds, Uapi.O_NONBLOCK), "pipe2");
            return fds;
        }
        if (place == Place.UNIX) {
            Fd[] pair = Fd.pair(model);
            return new int[] {pair[0].number(), pair[1].number()};
        }
        try (Fd listener = Fd.listen(model, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 4)) {
            Fd client = Fd.connect(model, listener.localAddress(), null);
            return new int[] {listener.accept().number(), client.number()};
        }
    }

    // ---- the others ----

    /// Before the program waits, those whom it waits for act. A wait that would never end is a bug.
    void letOthersAct(Object[] poll) {
        int[] fds = (int[]) poll[0];
        short[] events = (short[]) poll[1];
        int count = (int) poll[3];
        int millis = (int) poll[4];
        if (millis == 0) {
            return;
        }
        for (int i = 0; i < count; i++) {
            for (End end : ends) {
                if (end.fd.number() == fds[i]) {
                    if (end.input && (events[i] & Uapi.POLLIN) != 0) {
                        end.give();
                    } else if (!end.input && (events[i] & Uapi.POLLOUT) != 0) {
                        end.take();
                    }
                }
            }
        }
        if (millis < 0 && model.poll(fds, events, new short[count], count, 0) == 0) {
            throw new IllegalStateException("the walk waits for ever");
        }
    }

    /// The readers read to the last byte, and what came to files is compared.
    void finish() {
        for (End end : ends) {
            while (!end.input && end.take()) {
                // as long as there is something
            }
            if (!end.input && end.place.isFile()) {
                long size = model.lseek(end.fd.number(), 0, Uapi.SEEK_END);
                for (long at = 0; at < size; ) {
                    int got = (int) model.pread(end.fd.number(), scratch, 0, PIECE, at);
                    if (got <= 0) {
                        throw new IllegalStateException("what was written cannot be read: " + got);
                    }
                    check(at, scratch.bytes(0, got));
                    at += got;
                }
                end.done = size;
            }
        }
    }

    /// Bytes that arrived at an output, once all is finished; -1 where nobody can tell.
    long arrived(End end) {
        return end.place == Place.NULL ? -1 : end.done;
    }

    /// Somebody stores to the first byte of the input meanwhile, and every page of it.
    void change(End file, long length) {
        scratch.put(0, new byte[] {'!'}, 0, 1);
        changing = true;
        for (long at = 0; at < length; at += Page.SIZE) {
            long off = at;
            recorder.other(
                    Step.Actor.OTHER,
                    "pwrite",
                    file.name + ", len=1, off=" + off,
                    () -> model.pwrite(file.fd.number(), scratch, 0, 1, off));
        }
    }

    /// What the reader of `end` sees next, read at once.
    byte[] seen(End end) {
        end.take();
        return scratch.bytes(0, (int) Math.min(PIECE, end.done));
    }

    // ---- what is seen ----

    List<Step> steps() {
        return recorder.steps();
    }

    String nameOf(int fd) {
        return names.getOrDefault(fd, Integer.toString(fd));
    }

    /// Notes the pipes that the program makes, and closes.
    void learn(String method, Object[] arguments, long result) {
        if (method.equals("pipe2") && result == 0) {
            int[] fds = (int[]) arguments[0];
            pipes++;
            String name = pipes == 1 ? "own pipe" : "own pipe " + pipes;
            names.put(fds[0], name);
            names.put(fds[1], name);
            rings.put(name, fds[0]);
        } else if (method.equals("close")) {
            rings.values().remove(arguments[0]);
            names.remove(arguments[0]);
        }
    }

    Step step(Step.Actor actor, String call, String arguments, long result, List<String> functions, Ledger.Bill bill) {
        Map<Long, String> named = new HashMap<>();
        for (Map.Entry<String, Integer> entry : stores.entrySet()) {
            PageCache cache = model.pageCache(entry.getValue());
            char letter = entry.getValue().equals(firstStore()) ? 'f' : 'o';
            for (long index : cache.indexes()) {
                Page page = cache.find(index);
                if (page != null) {
                    named.put(page.number(), letter + "" + index);
                }
            }
        }
        List<Step.Ring> rings = new ArrayList<>();
        this.rings.forEach((name, fd) -> rings.add(ring(name, model.pipe(fd), named)));
        List<Step.Store> stores = new ArrayList<>();
        this.stores.forEach((name, fd) -> stores.add(store(name, model.pageCache(fd), isInMemory(name))));
        List<Step.Queue> queues = new ArrayList<>();
        this.queues.forEach((name, fd) -> queues.add(queue(name, model.received(fd), named)));
        return new Step(actor, call, arguments, result, functions, bill, rings, stores, queues);
    }

    private boolean isInMemory(String name) {
        return ends.stream().anyMatch(end -> end.name.equals(name) && end.place == Place.TMPFS);
    }

    private @Nullable Integer firstStore() {
        return ends.isEmpty() ? null : ends.getFirst().fd.number();
    }

    private Step.Ring ring(String name, PipeRing ring, Map<Long, String> named) {
        List<Step.Slot> slots = new ArrayList<>();
        for (PipeBuffer buffer : ring.buffers()) {
            Page page = buffer.page();
            slots.add(new Step.Slot(
                    name(page, letter(buffer.ops()), named),
                    buffer.ops(),
                    buffer.offset(),
                    buffer.len(),
                    buffer.canMerge(),
                    buffer.gift(),
                    page.references()));
        }
        return new Step.Ring(name, ring.slots(), ring.head(), ring.tail(), slots);
    }

    private String name(Page page, char letter, Map<Long, String> named) {
        String file = named.get(page.number());
        if (file != null) {
            return file;
        }
        return letter == 'z'
                ? "z"
                : pages.computeIfAbsent(page.number(), n -> letter + "" + (counts.merge(letter, 1, Integer::sum) - 1));
    }

    private static char letter(PipeBuffer.Ops ops) {
        return switch (ops) {
            case ANON_PIPE -> 'w';
            case PAGE_CACHE -> 'x'; // of a file that dropped it meanwhile
            case ZERO -> 'z';
            case DEFAULT -> 'c';
            case SOCK -> 's';
            case USER_PAGE -> 'u';
        };
    }

    /// @param inMemory whether the pages are the file, and there is no disk
    private Step.Store store(String name, PageCache cache, boolean inMemory) {
        long held = 0;
        long dirty = 0;
        List<Step.Cached> first = new ArrayList<>();
        List<Long> indexes = cache.indexes();
        for (long index : indexes) {
            Page page = cache.find(index);
            if (page != null) {
                held += page.references() > 1 ? 1 : 0;
                dirty += page.dirty() && !inMemory ? 1 : 0;
                if (first.size() < FIRST_PAGES) {
                    first.add(new Step.Cached(index, page.references()));
                }
            }
        }
        return new Step.Store(name, indexes.size(), held, dirty, first);
    }

    private Step.Queue queue(String name, SocketQueue queue, Map<Long, String> named) {
        return new Step.Queue(
                name,
                queue.bytes(),
                queue.pages().stream().map(page -> name(page, 's', named)).toList());
    }

    /// Nothing was lost: closes all and asks the model.
    void close() {
        scratch.close();
        for (int fd : model.descriptors()) {
            model.close(fd);
        }
        model.assertNoLeaks();
    }
}
