package dev.fid.files;

import static dev.fid.kernel.Uapi.*;

import dev.fid.Fd;
import dev.fid.Rate;
import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Memory;
import dev.fid.kernel.Name;
import dev.fid.kernel.Side;
import dev.fid.kernel.Stat;
import dev.fid.path.PathCalls;
import dev.fid.path.Retry;
import dev.fid.wait.Deadline;
import dev.fid.wait.Readiness;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// One run of a {@link Tree}: finds out where things go and refuses what cannot be, then lets workers take tasks
/// from a stack until there are none. Last in, first out: so the run goes into depth, and what a worker remembers
/// is bounded by depth and by one reading of each directory on the way.
final class TreeRun implements AutoCloseable {
    private static final int MOST_FAILURES = 1000;
    private static final int MOST_REOPENED = 32;
    private static final byte[] NO_NAME = {};

    final Tree wish;
    final Kernel kernel;
    final HardLinks links;
    final TreeTotals counters = new TreeTotals();
    private final long start;
    final DescriptorRoom room;
    private final ReentrantReadWriteLock crowd = new ReentrantReadWriteLock();
    private final WorkQueue tasks;
    private final List<Tree.Failure> failures = new ArrayList<>();
    private final Set<OpenDirectory> open = ConcurrentHashMap.newKeySet();
    private final Deque<OpenDirectory> reopened = new ArrayDeque<>();
    private final Set<HardLinks.Inode> created = ConcurrentHashMap.newKeySet();
    private final Set<HardLinks.Inode> tops = ConcurrentHashMap.newKeySet();
    private final Object complaining = new Object();
    private final Set<String> names = new HashSet<>();
    private final Set<String> nodes = new HashSet<>(); // of them those that this run makes of no file
    private boolean collisions;
    private long failed;
    private volatile boolean stopped;
    private volatile @Nullable Throwable broken;
    private final List<Fd> bases = new ArrayList<>();
    private byte[] outName = NO_NAME;
    private int umask = -1;

    /// Set where a kernel or file system refused once; asked first, so that it is not asked for each file.
    volatile boolean noNameless;

    volatile boolean noEmptyPath;

    /// What all workers share of {@link Tree#limit}.
    final @Nullable Rate rate;

    volatile String uncached = "";

    /// A source as it was named.
    private static final class Top {
        final Name path;
        byte[] name;
        byte[] nameOut;
        final Stat stat;

        /// Where its name is.
        @Nullable
        OpenDirectory root;

        Top(Name path, byte[] name, byte[] nameOut, Stat stat) {
            this.path = path;
            this.name = name;
            this.nameOut = nameOut;
            this.stat = stat;
        }
    }

    TreeRun(Tree wish) {
        this.wish = wish;
        this.kernel = wish.kernel();
        this.start = kernel.nanoTime();
        this.links = new HardLinks(wish.existing != Tree.Existing.REPLACE, !wish.follow);
        this.room = DescriptorRoom.of(kernel, wish.jobs, wish.listener != null);
        this.tasks = new WorkQueue(room.jobs());
        Rate given = wish.rate;
        this.rate = given != null || wish.bytesPerSecond == 0 ? given : new Rate(wish.bytesPerSecond, start);
    }

    // ---- before anything is written ----

    Tree.Report run() throws ErrnoException {
        Fd directory = wish.exact ? null : directory(wish.out);
        boolean inside = directory != null;
        List<Top> all = new ArrayList<>();
        if (directory == null) {
            Top top = Objects.requireNonNull(top(wish.in.getFirst())); // the only one, or it fails
            directory = place(top);
            all.add(top);
        }
        OpenDirectory root = root(directory);
        if (inside) {
            for (Name path : wish.in) {
                Top top = top(path);
                if (top != null) {
                    all.add(top);
                }
            }
        }
        List<Top> ready = new ArrayList<>();
        for (Top top : all) {
            String name = text(top.nameOut);
            collisions |= !names.add(name);
            top.root = root;
            if (top.stat.type() != S_IFREG) {
                nodes.add(name);
            }
            if (wish.parents) {
                ready.add(top); // its directory is to be made
            } else if (!inside || nodes.contains(name) || follow(top, root)) {
                refuse(top, inside);
                ready.add(top);
            }
        }
        outName = inside ? wish.out.bytes() : wish.out.parent();
        return run(ready);
    }

    private OpenDirectory root(Fd directory) throws ErrnoException {
        bases.add(directory);
        OpenDirectory root =
                new OpenDirectory(this, null, bytes(""), bytes(""), AT_FDCWD, directory.number(), new Stat(), false);
        root.identify();
        return root;
    }

    /// A file that was named, in a directory that has its name: as without a directory a link is followed there, and
    /// what is no regular file is not replaced.
    ///
    /// @return false where that is refused, which is told, and others go on
    private boolean follow(Top top, OpenDirectory root) throws ErrnoException {
        Stat there = new Stat();
        boolean asIs = !exists(root.out(), top.nameOut, there) || there.type() == S_IFREG || there.type() == S_IFDIR;
        if (top.stat.type() != S_IFREG || asIs || !wish.writesThrough()) {
            return true;
        }
        Name path = wish.out.resolve(top.nameOut);
        try (Destination place = Destination.of(kernel, path)) {
            requireReplaceable(place, path);
            top.nameOut = place.name();
            top.root = root(place.takeDirectory());
            return true;
        } catch (ErrnoException e) {
            if (wish.in.size() == 1) {
                throw e;
            }
            fail(path.text(), true, e);
            return false;
        }
    }

    private boolean exists(int directory, byte[] name, Stat there) {
        return PathCalls.retrying(() -> kernel.statx(directory, name, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, there))
                == 0;
    }

    private static void requireReplaceable(Destination place, Name path) throws ErrnoException {
        if (!place.isReplaceable()) {
            throw refusal(path, "open", Errno.EINVAL, "it is no regular file to replace");
        }
    }

    private static String text(byte[] name) {
        return new String(name, StandardCharsets.ISO_8859_1);
    }

    private @Nullable Fd directory(Name path) throws ErrnoException {
        int fd = openPath(path.bytes());
        if (fd >= 0) {
            return Fd.own(kernel, fd, "");
        }
        boolean named = fd == -Errno.ENOENT || fd == -Errno.ENOTDIR;
        if (!named || wish.in.size() > 1 || wish.parents) {
            throw new ErrnoException("open", path.text(), -fd, Side.OUT, 0, "");
        }
        return null;
    }

    private int openPath(byte[] path) {
        return PathCalls.retrying(() -> kernel.openat(AT_FDCWD, path, O_PATH | O_DIRECTORY | O_CLOEXEC, 0));
    }

    /// Where the only source goes that goes into no directory: sets its name there.
    ///
    /// @return the directory, which stays open
    private Fd place(Top top) throws ErrnoException {
        if (top.stat.type() == S_IFREG && wish.writesThrough()) {
            // Written to, so a link is followed.
            try (Destination place = Destination.of(kernel, wish.out)) {
                requireReplaceable(place, wish.out);
                top.nameOut = place.name();
                return place.takeDirectory();
            }
        }
        // Made anew, so it takes the place of a link.
        if (wish.out.endsInSlash() && top.stat.type() == S_IFDIR) {
            int there = openPath(wish.out.bytes());
            if (there >= 0) { // also behind a link
                top.nameOut = PathCalls.HERE;
                return Fd.own(kernel, there, "");
            }
        }
        byte[] parent = wish.out.parent();
        int fd = openPath(parent.length == 0 ? PathCalls.HERE : parent);
        if (fd < 0) {
            throw refusal(wish.out, "open", -fd, "");
        }
        if (wish.out.endsInSlash() && top.stat.type() != S_IFDIR) {
            kernel.close(fd);
            throw refusal(wish.out, "open", Errno.ENOTDIR, "");
        }
        top.nameOut = wish.out.lastName();
        return Fd.own(kernel, fd, "");
    }

    private static ErrnoException refusal(Name path, String call, int errno, String detail) {
        return new ErrnoException(call, path.text(), errno, Side.OUT, 0, detail);
    }

    private @Nullable Top top(Name path) throws ErrnoException {
        byte[] name = path.bytes();
        Stat stat = new Stat();
        int flags = wish.follows(true) ? 0 : AT_SYMLINK_NOFOLLOW;
        int result = PathCalls.retrying(() -> kernel.statx(AT_FDCWD, name, flags, STATX_BASIC_STATS, stat));
        ErrnoException e = null;
        if (result < 0) {
            e = new ErrnoException("stat", path.text(), -result, Side.IN, 0, "");
        } else if (stat.type() == S_IFDIR && !wish.recursive) {
            e = new ErrnoException("open", path.text(), Errno.EISDIR, Side.IN, 0, "");
        }
        if (e != null && wish.in.size() == 1) {
            throw e;
        }
        if (e != null) {
            fail(path.text(), false, e);
            return null;
        }
        byte[] last = path.lastName();
        return new Top(path, name, last.length == 0 || Name.isDots(last) ? bytes(".") : last, stat);
    }

    /// Refuses to copy a directory into itself, whatever the names: no directory above the destination may be it.
    private void refuse(Top top, boolean inside) throws ErrnoException {
        OpenDirectory root = Objects.requireNonNull(top.root);
        int directory = root.out();
        Stat there = new Stat();
        boolean exists = exists(directory, top.nameOut, there);
        boolean alone = wish.in.size() == 1 && !wish.linked;
        if (exists && same(there, top.stat) && (top.stat.type() == S_IFDIR || alone)) {
            throw itself(top, "it is the source itself");
        }
        boolean made = top.stat.type() != S_IFREG && top.stat.type() != S_IFDIR;
        if (exists && !inside && made && leadToOne(top, directory)) {
            throw itself(
                    top,
                    top.stat.type() == S_IFLNK ? "it is the file that the source leads to" : "it leads to the source");
        }
        if (top.stat.type() != S_IFDIR) {
            return;
        }
        if (exists && there.type() != S_IFDIR) {
            throw new ErrnoException("mkdir", wish.out.text(), Errno.ENOTDIR, Side.OUT, 0, "");
        }
        Stat above = root.outStat();
        int fd = directory;
        try {
            while (true) {
                if (same(above, top.stat)) {
                    throw itself(top, "the destination is inside of it");
                }
                int from = fd;
                int up =
                        PathCalls.retrying(() -> kernel.openat(from, bytes(".."), O_PATH | O_DIRECTORY | O_CLOEXEC, 0));
                ErrnoException.check(up, "open", "..");
                if (fd != directory) {
                    kernel.close(fd);
                }
                fd = up;
                Stat next = new Stat();
                ErrnoException.check(kernel.fstat(fd, next), "fstat", "..");
                if (same(next, above)) {
                    return; // the root
                }
                above = next;
            }
        } finally {
            if (fd != directory) {
                kernel.close(fd);
            }
        }
    }

    /// Whether a link, put there, would lead to itself, or takes the place of another link to its own file.
    private boolean leadToOne(Top top, int directory) {
        Stat in = new Stat();
        Stat out = new Stat();
        return PathCalls.retrying(() -> kernel.statx(AT_FDCWD, top.name, 0, STATX_BASIC_STATS, in)) == 0
                && PathCalls.retrying(() -> kernel.statx(directory, top.nameOut, 0, STATX_BASIC_STATS, out)) == 0
                && same(in, out);
    }

    private static ErrnoException itself(Top top, String detail) {
        return new ErrnoException("copy", top.path.text(), Errno.EINVAL, Side.OUT, 0, detail);
    }

    static boolean same(Stat one, Stat two) {
        return one.inode == two.inode && one.device == two.device;
    }

    // ---- the run ----

    private Tree.Report run(List<Top> all) {
        TreeProgress census = wish.listener == null ? null : TreeProgress.start(wish, room.counted());
        boolean interrupted = false;
        // Sources of the same name come one after the other, so that the first one wins.
        List<List<Top>> rounds = collisions ? all.stream().map(List::of).toList() : List.of(all);
        for (List<Top> round : rounds) {
            if (wish.parents) {
                tasks.push(0, worker -> lead(worker, round));
            } else {
                round.reversed().forEach(this::push);
            }
            interrupted |= work(census);
        }
        if (wish.durable && !stopped) {
            syncBases();
        }
        if (census != null) {
            census.stop();
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        rethrow();
        counters.tell(wish, census, start);
        synchronized (complaining) {
            return counters.report(uncached, failed, List.copyOf(failures), stopped, kernel.nanoTime() - start);
        }
    }

    /// The names of the sources are in directories that are no part of the tree.
    private void syncBases() {
        for (Fd base : bases) {
            int result = PathCalls.syncDirectory(kernel, base.number());
            if (result < 0) {
                String text = outName.length == 0 ? "." : Name.of(outName).text();
                fail(text, true, new ErrnoException("fsync", "", -result, Side.OUT, 0, ""));
            }
        }
    }

    private void push(Top top) {
        OpenDirectory root = Objects.requireNonNull(top.root);
        root.pending.incrementAndGet();
        tasks.push(0, worker -> worker.top(root, top.name, top.nameOut, top.stat));
    }

    /// Makes the directories on the way to the sources, each once, as it may be the way of several.
    private void lead(TreeWorker worker, List<Top> round) {
        Map<String, OpenDirectory> known = new LinkedHashMap<>();
        for (Top top : round) {
            OpenDirectory root = Objects.requireNonNull(top.root);
            try {
                OpenDirectory folder = lead(worker, root, top, known);
                folder.enter();
                try {
                    if (folder != root || follow(top, root)) {
                        refuse(top, true);
                        push(top);
                    }
                } finally {
                    folder.leave();
                }
            } catch (ErrnoException e) {
                boolean out = e.side() == Side.OUT;
                fail((out ? wish.out.resolve(top.path.bytes()) : top.path).text(), out, e);
            }
            known.values().forEach(OpenDirectory::park);
        }
        known.values().forEach(worker::done);
    }

    private OpenDirectory lead(TreeWorker worker, OpenDirectory root, Top top, Map<String, OpenDirectory> known)
            throws ErrnoException {
        byte[] parent = top.path.parent();
        OpenDirectory folder = root;
        int start = 0;
        for (int i = 0; i < parent.length; i++) {
            if (parent[i] != '/') {
                continue;
            }
            byte[] nameOut = Arrays.copyOfRange(parent, start, i);
            byte[] name = start == 0 || folder != root ? nameOut : Arrays.copyOf(parent, i);
            start = i + 1;
            if (nameOut.length == 0 || (nameOut.length == 1 && nameOut[0] == '.')) {
                continue;
            }
            String path = text(Arrays.copyOf(parent, i));
            OpenDirectory next = known.get(path);
            if (next == null) {
                next = worker.lead(folder, name, nameOut);
                known.put(path, next);
            }
            folder = next;
        }
        byte[] last = top.path.lastName();
        if (folder != root) {
            top.name = Arrays.copyOfRange(top.name, parent.length, top.name.length);
        }
        top.nameOut = last.length == 0 ? PathCalls.HERE : last;
        top.root = folder;
        return folder;
    }

    /// Lets workers do all tasks.
    ///
    /// @return whether the caller was interrupted meanwhile: then the workers were, and left out what was not done
    private boolean work(@Nullable TreeProgress census) {
        List<Thread> workers = new ArrayList<>();
        CountDownLatch done = new CountDownLatch(room.jobs());
        for (int i = 0; i < room.jobs(); i++) {
            int number = i;
            Thread thread = new Thread(() -> work(number, done), "fid-tree-" + i);
            thread.setDaemon(true);
            workers.add(thread);
            thread.start();
        }
        boolean interrupted = false;
        while (true) {
            try {
                if (done.await(Deadline.nanos(wish.interval), TimeUnit.NANOSECONDS)) {
                    return interrupted;
                }
                counters.tell(wish, census, start);
            } catch (InterruptedException e) {
                interrupted = true;
                stop(workers);
            } catch (RuntimeException | Error e) { // of the listener
                broken = e;
                stop(workers);
            }
        }
    }

    private void stop(List<Thread> workers) {
        stopped = true;
        workers.forEach(Thread::interrupt);
    }

    private void work(int number, CountDownLatch done) {
        try (TreeWorker worker = new TreeWorker(this, tasks, number)) {
            WorkQueue.Task task;
            while ((task = tasks.next(number)) != null) {
                crowd.readLock().lock();
                try {
                    task.run(worker);
                } catch (RuntimeException | Error e) {
                    broken = e;
                    stopped = true;
                } finally {
                    crowd.readLock().unlock();
                    tasks.done();
                }
            }
        } catch (RuntimeException | Error e) {
            broken = e;
            stopped = true;
        } finally {
            done.countDown();
        }
    }

    private void rethrow() {
        Throwable thrown = broken;
        if (thrown instanceof RuntimeException e) {
            throw e;
        }
        if (thrown instanceof Error e) {
            throw e;
        }
    }

    // ---- what workers ask and tell ----

    void opened(OpenDirectory folder) {
        open.add(folder);
    }

    /// A directory was closed and is open again. Some are kept so, because a worker that comes after another,
    /// level by level, needs each for the next one; but not all, for they may be as many as the tree is deep.
    void reopened(OpenDirectory folder) {
        OpenDirectory oldest;
        synchronized (reopened) {
            reopened.add(folder);
            oldest = reopened.size() > Math.min(room.levels(), MOST_REOPENED) ? reopened.poll() : null;
        }
        if (oldest != null) {
            oldest.park();
        }
    }

    /// Lets one worker try again what failed for want of a descriptor, while the others hold none but those of the
    /// directories that they are in.
    @SuppressWarnings("LockNotBeforeTry") // the lock that the caller holds is given back for a while
    void alone(Runnable step) {
        if (crowd.isWriteLockedByCurrentThread()) {
            step.run();
            return;
        }
        crowd.readLock().unlock();
        crowd.writeLock().lock();
        try {
            open.forEach(OpenDirectory::park);
            step.run();
        } finally {
            crowd.readLock().lock();
            crowd.writeLock().unlock();
        }
    }

    void ended(OpenDirectory folder) {
        open.remove(folder);
        folder.end();
    }

    boolean stopped() {
        return stopped;
    }

    /// Waits until so many bytes may go.
    void spend(long bytes, Readiness readiness) throws ErrnoException {
        Rate limit = rate;
        if (limit == null) {
            return;
        }
        for (long left = bytes; left > 0; ) {
            long now = kernel.nanoTime();
            long granted = limit.grant(left, now);
            left -= granted;
            if (granted == 0) {
                readiness.sleep(Deadline.after(now, limit.pauseNanos(now)));
            }
            if (stopped) {
                throw new ErrnoException("copy", "", Errno.ECANCELED);
            }
        }
    }

    /// Whether an existing file of this inode came from another source of this run.
    boolean isJustCreated(Stat stat) {
        return collisions && created.contains(new HardLinks.Inode(stat));
    }

    /// Whether this run copies something to this name of a folder.
    boolean isInSource(OpenDirectory folder, byte[] name) {
        return folder.holdsNamed()
                ? names.contains(text(name))
                : kernel.statx(folder.in(), name, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, new Stat()) == 0;
    }

    /// Remembers what was created, where names may collide.
    void created(int out) {
        created(out, NO_NAME);
    }

    void created(int dir, byte[] name) {
        Stat stat = new Stat();
        int flags = AT_SYMLINK_NOFOLLOW | (name.length == 0 ? AT_EMPTY_PATH : 0);
        if (collisions && kernel.statx(dir, name, flags, STATX_BASIC_STATS, stat) == 0) {
            created.add(new HardLinks.Inode(stat));
        }
    }

    /// Bits that a new file does not get. Source: proc_pid_status(5), Umask
    synchronized int umask() throws ErrnoException {
        if (umask < 0) {
            int fd = PathCalls.retrying(() -> kernel.openat(AT_FDCWD, bytes("/proc/self/status"), O_CLOEXEC, 0));
            ErrnoException.check(fd, "open", "/proc/self/status");
            try (Memory text = kernel.allocate(4096)) {
                long read = Retry.retrying(() -> kernel.read(fd, text, 0, 4096));
                ErrnoException.check(read, "read", "/proc/self/status");
                String status = new String(text.bytes(0, (int) read), StandardCharsets.ISO_8859_1);
                int at = status.indexOf("Umask:\t");
                umask = at < 0 ? 077 : Integer.parseInt(status.substring(at + 7, status.indexOf('\n', at)), 8);
            } finally {
                kernel.close(fd);
            }
        }
        return umask;
    }

    void top(OpenDirectory folder) {
        tops.add(new HardLinks.Inode(folder.outStat()));
    }

    /// Whether a directory of the source is one that this run made: through a link or a mount it would copy itself
    /// without end.
    boolean isOwn(Stat stat) {
        return tops.contains(new HardLinks.Inode(stat));
    }

    /// Something was copied.
    void tell(OpenDirectory folder, byte[] name, byte[] nameOut) {
        BiConsumer<String, String> told = wish.told;
        if (told != null) {
            String in = path(folder, name, false);
            String out = path(folder, nameOut, true);
            synchronized (complaining) {
                told.accept(in, out);
            }
        }
    }

    void fail(OpenDirectory folder, byte[] name, byte[] nameOut, ErrnoException e) {
        boolean out = e.side() == Side.OUT;
        fail(path(folder, out ? nameOut : name, out), out, e);
    }

    private void fail(String path, boolean out, ErrnoException e) {
        if (stopped && e.errno() == Errno.ECANCELED) {
            return; // it did not fail, it was given up
        }
        // Nothing more will fit: to try would give a complaint for each file.
        if (out && (e.errno() == Errno.ENOSPC || e.errno() == Errno.EDQUOT || e.errno() == Errno.EROFS)) {
            stopped = true;
        }
        Tree.Failure failure = new Tree.Failure(path, out, e);
        synchronized (complaining) {
            failed++;
            if (failures.size() < MOST_FAILURES) {
                failures.add(failure);
            }
            Consumer<Tree.Failure> consumer = wish.complaints;
            if (consumer != null) {
                consumer.accept(failure);
            }
        }
    }

    private String path(OpenDirectory folder, byte[] name, boolean out) {
        Deque<byte[]> names = new ArrayDeque<>();
        names.push(name);
        for (OpenDirectory at = folder; at.parent != null; at = at.parent) {
            names.push(out ? at.nameOut : at.name);
        }
        ByteArrayOutputStream path = new ByteArrayOutputStream();
        if (out) {
            path.writeBytes(outName);
        }
        for (byte[] each : names) {
            if (out && each.length == 1 && each[0] == '.' && path.size() > 0) {
                continue;
            }
            if (path.size() > 0 && !endsWithSlash(path)) {
                path.write('/');
            }
            path.writeBytes(each);
        }
        return Name.of(path.toByteArray()).text();
    }

    private static boolean endsWithSlash(ByteArrayOutputStream path) {
        byte[] bytes = path.toByteArray();
        return bytes[bytes.length - 1] == '/';
    }

    static byte[] bytes(String ascii) {
        return ascii.getBytes(StandardCharsets.US_ASCII);
    }

    @Override
    public void close() {
        open.forEach(OpenDirectory::end); // none are left but by an error that ended the run
        bases.forEach(Fd::close);
    }
}
