package dev.fid.files;

import dev.fid.Fd;
import dev.fid.Method;
import dev.fid.Rate;
import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Name;
import dev.fid.kernel.Stat;
import dev.fid.transfer.Transfer;
import dev.fid.wait.Pace;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Copies directories with all that is in them, or several files, by several workers at once.
///
/// ```java
/// Tree.Report report = Tree.from(Path.of("photos")).to(Path.of("/mnt/backup")).run();
/// ```
///
/// What has its final name is whole: a file is written without a name (O_TMPFILE) and named when it is complete,
/// with its metadata. A run that was killed leaves files that are whole and files that are absent, never a part
/// of one, and directories whose mode and times may not be final; to run it again completes it. Every call is
/// relative to an open directory, which is never reached through a symbolic link, so a directory that is replaced
/// by a link meanwhile is not followed, and paths may be longer than PATH_MAX. Names are bytes.
///
/// Symbolic links stay links, hard links among the copied stay hard links, holes stay holes, FIFOs, sockets and
/// device nodes are made anew. An existing file is replaced as by {@link Replacement}: another inode, so other
/// hard links of it keep the old content, and its mode stays. A symbolic link of that name is followed where it has the
/// name of a source itself; inside of a directory one to a file is replaced, not followed. One to anything else fails,
/// and
/// so does a FIFO or a device in the place of a file. Directories are merged. A new file gets the mode of its source,
/// less the umask, unless more is asked
/// for by {@link #keep}.
///
/// What fails is told and left out, and the rest goes on, but for a full disk, which ends the run. An interrupt
/// of the caller's thread ends it too: {@link Report#stopped}.
///
/// An object of this class is for one run, by one thread.
public final class Tree {
    /// What a copy gets of its source besides content, type and permission bits less the umask.
    public enum Kept {
        /// All mode bits, regardless of the umask, and the access control lists, of which they are a part;
        /// set-user-ID and set-group-ID only where the owner came along or was not asked for.
        MODE,
        /// Access and modification time, in nanoseconds.
        TIME,
        /// User and group. Who may not give files away keeps his own, with the group where that is allowed: no
        /// failure, but for root.
        OWNER,
        /// Extended attributes: `user.*`, and `security.*` and `trusted.*` as far as the process may.
        XATTR,
        /// POSIX access control lists, exactly those of the source: also none, where the directory has a default
        /// list. The permission bits are a part of them.
        ACL
    }

    /// What a copy did not get of its source. The copy stands without it.
    ///
    /// @param asked whether it had to come along
    public record Loss(Kept what, boolean asked, ErrnoException cause) {
        /// As in `xattr: Operation not supported`.
        @Override
        public String toString() {
            return what.name().toLowerCase(Locale.ROOT) + ": " + Errno.text(cause.errno());
        }
    }

    /// What happens to a name that exists.
    public enum Existing {
        /// It is replaced.
        REPLACE,
        /// It stays, and is counted as skipped.
        SKIP,
        /// It stays unless the source is newer.
        UPDATE,
        /// A file stays if it has the source's size and is not older. What a large file had reached when a run
        /// ended is kept as `.NAME.fid-part`, and continued, unless the source changed.
        RESUME
    }

    /// Which name what is replaced keeps, as with cp(1).
    public enum Backup {
        /// None: it is gone.
        NONE,
        /// NAME and a suffix, in place of an older backup.
        SIMPLE,
        /// A number where NAME has numbered backups, else the suffix.
        EXISTING,
        /// NAME`.~1~`, or what comes behind the highest number.
        NUMBERED
    }

    /// What becomes of holes, and of zeros.
    public enum Holes {
        /// Holes stay holes.
        KEPT,
        /// Blocks of zeros become holes, too.
        MADE,
        /// Holes become zeros.
        FILLED
    }

    /// Why one thing was not copied, or not all that was asked for.
    ///
    /// @param path of the source or of the destination, whichever failed, as {@link Name#text} has it
    /// @param out whether it is of the destination
    public record Failure(String path, boolean out, ErrnoException cause) {}

    /// How far a run is.
    ///
    /// @param files copied or skipped so far
    /// @param allFiles to be copied in all, -1 while nobody knows
    /// @param bytes copied so far
    /// @param allBytes in all, -1 while nobody knows
    /// @param nanos since the start
    /// @param method what moved the last bytes
    public record Progress(long files, long allFiles, long bytes, long allBytes, long nanos, Method method) {}

    /// What a run did.
    ///
    /// @param files regular files copied, hard links not among them
    /// @param directories made or merged
    /// @param symlinks symbolic links made
    /// @param links hard links made instead of a copy
    /// @param special FIFOs, sockets and device nodes made
    /// @param skipped left as they were, as {@link Existing} has it
    /// @param bytes content of the files
    /// @param userBytes bytes through user space, those that were only compared among them
    /// @param byMethod bytes by method
    /// @param uncached how the page cache was spared; empty where it was not asked for
    /// @param lost how many lack what {@link #keepIfPossible} asked for, by what that is and why
    /// @param failed things that failed
    /// @param failures the first thousand of them
    /// @param stopped whether an interrupt or a full disk ended it early
    /// @param nanos from start to end
    public record Report(
            long files,
            long directories,
            long symlinks,
            long links,
            long special,
            long skipped,
            long bytes,
            long userBytes,
            Map<Method, Long> byMethod,
            String uncached,
            Map<String, Long> lost,
            long failed,
            List<Failure> failures,
            boolean stopped,
            long nanos) {}

    final List<Name> in;
    Name out = Name.of(".");
    private @Nullable Kernel kernel;
    boolean recursive = true;
    boolean follow;
    boolean followNamed;
    boolean exact;
    boolean parents;
    boolean oneFileSystem;
    boolean linked;
    boolean attributesOnly;
    boolean links = true;
    Set<Kept> kept = EnumSet.noneOf(Kept.class);
    Set<Kept> ifPossible = EnumSet.noneOf(Kept.class);
    int jobs = Math.clamp(Runtime.getRuntime().availableProcessors(), 1, 8);
    Existing existing = Existing.REPLACE;
    Backup backup = Backup.NONE;
    Name suffix = Name.of("~");
    Holes holes = Holes.KEPT;
    boolean inPlace;
    boolean cached = true;
    boolean durable;
    boolean share = true;
    boolean shareOnly;

    @Nullable
    Method method;

    boolean fallback = true;
    boolean verified;
    long bytesPerSecond;
    Duration interval = Duration.ofMillis(100);

    @Nullable
    Consumer<Progress> listener;

    @Nullable
    Consumer<Failure> complaints;

    @Nullable
    BiConsumer<String, String> told;

    @Nullable
    Rate rate;

    private Tree(List<Name> in) {
        this.in = in;
    }

    /// The files or directories to copy, at least one.
    public static Tree from(Path... in) {
        return from(List.of(in));
    }

    /// As {@link #from(Path...)}.
    public static Tree from(List<Path> in) {
        return of(in.stream().map(Name::of).toList());
    }

    /// As {@link #from(Path...)}, for names that a path cannot say. A slash at the end of one asks for the
    /// directory that a link there leads to.
    public static Tree of(List<Name> in) {
        if (in.isEmpty()) {
            throw new IllegalArgumentException("nothing to copy");
        }
        return new Tree(new ArrayList<>(in));
    }

    /// Where to: a directory, which gets the sources by their names; for one source also a name that does not
    /// exist yet, which becomes its copy, or a file to replace by a file. A source that ends in `/.` gives its
    /// content instead. A link to nothing takes no file, and a file does not take the place of a FIFO or a device.
    public Tree to(Path out) {
        return to(Name.of(out));
    }

    /// As {@link #to(Path)}, for a name that a path cannot say.
    public Tree to(Name out) {
        this.out = out;
        return this;
    }

    /// Whether the destination is the very name of the copy, also where a directory has it: what is in that and in the
    /// source becomes one. For one source.
    public Tree exact(boolean exact) {
        this.exact = exact;
        return this;
    }

    /// Whether a source goes to its whole path below the destination, which has to be a directory: directories that are
    /// missing on the way are made as copies of the source's own. A link among these in the source is followed.
    public Tree parents(boolean parents) {
        this.parents = parents;
        return this;
    }

    /// Makes the calls on another kernel.
    public Tree on(Kernel kernel) {
        this.kernel = kernel;
        return this;
    }

    /// That of this machine is touched only where no other was asked for.
    Kernel kernel() {
        return kernel == null ? Kernel.linux() : kernel;
    }

    /// Whether directories are copied, as by default. Without, they fail, and a link is followed.
    public Tree recursive(boolean recursive) {
        this.recursive = recursive;
        return this;
    }

    /// Copies what a symbolic link points to, instead of the link. One that leads back to a directory above it
    /// fails with ELOOP.
    public Tree follow(boolean follow) {
        this.follow = follow;
        return this;
    }

    /// As {@link #follow}, for the sources themselves alone, not for what is below them.
    public Tree followNamed(boolean followNamed) {
        this.followNamed = followNamed;
        return this;
    }

    /// Whether a directory on another file system than its source stays empty.
    public Tree oneFileSystem(boolean oneFileSystem) {
        this.oneFileSystem = oneFileSystem;
        return this;
    }

    /// Makes hard links to the sources instead of copies. A name that is taken by another file fails with EEXIST.
    public Tree linked(boolean linked) {
        this.linked = linked;
        return this;
    }

    /// Copies no content: a file that is there keeps its own and gets what {@link #keep} says, a new one is empty.
    public Tree attributesOnly(boolean attributesOnly) {
        this.attributesOnly = attributesOnly;
        return this;
    }

    /// Whether hard links among the copied stay hard links, as by default.
    public Tree links(boolean links) {
        this.links = links;
        return this;
    }

    /// What the copies keep of their sources. What cannot be kept is told as a failure; the copy stands all the same.
    public Tree keep(Set<Kept> kept) {
        this.kept = copyOf(kept);
        return this;
    }

    /// What the copies keep of their sources as far as their file system can hold it; what it cannot is no failure, but
    /// counted: {@link Report#lost}.
    public Tree keepIfPossible(Set<Kept> ifPossible) {
        this.ifPossible = copyOf(ifPossible);
        return this;
    }

    private static Set<Kept> copyOf(Set<Kept> some) {
        return some.isEmpty() ? EnumSet.noneOf(Kept.class) : EnumSet.copyOf(some);
    }

    boolean keeps(Kept what) {
        return kept.contains(what) || ifPossible.contains(what);
    }

    boolean keepsAny() {
        return !kept.isEmpty() || !ifPossible.isEmpty();
    }

    /// Files copied at once, 1 to 64. By default one per processor, at most 8.
    public Tree jobs(int jobs) {
        if (jobs < 1 || jobs > 64) {
            throw new IllegalArgumentException("1 to 64 jobs, not " + jobs);
        }
        this.jobs = jobs;
        return this;
    }

    /// What happens to a name that exists.
    public Tree existing(Existing existing) {
        this.existing = existing;
        return this;
    }

    /// Whether what is replaced keeps a name. That is then about the name alone: a link is not followed but kept,
    /// a FIFO or device too, and the copy has the mode of a new file. A copy fails with EEXIST where the backup
    /// would take the name of its source, or of another one.
    ///
    /// @param suffix of names without a number
    public Tree backup(Backup backup, Name suffix) {
        byte[] bytes = suffix.bytes();
        if (bytes.length == 0 || suffix.parent().length > 0) {
            throw new IllegalArgumentException("no suffix of a name: " + suffix);
        }
        this.backup = backup;
        this.suffix = suffix;
        return this;
    }

    boolean backs() {
        return backup != Backup.NONE;
    }

    /// Whether a file that was named goes where a link leads that has its name.
    boolean writesThrough() {
        return !linked && !backs();
    }

    /// What becomes of holes.
    public Tree holes(Holes holes) {
        this.holes = holes;
        return this;
    }

    /// Writes into the file that has the name instead of replacing it: its inode, owner and hard links stay, and
    /// so does what is there of a copy that failed or was killed. A symbolic link of that name fails with ELOOP.
    public Tree inPlace(boolean inPlace) {
        this.inPlace = inPlace;
        return this;
    }

    /// Whether what was read and written may stay in the page cache, as by default.
    public Tree cached(boolean cached) {
        this.cached = cached;
        return this;
    }

    /// Whether all is on the disk when the run returns.
    public Tree durable(boolean durable) {
        this.durable = durable;
        return this;
    }

    /// Whether extents are shared where the file system can (reflink), as by default; `only` fails where it
    /// cannot.
    public Tree share(boolean share, boolean only) {
        this.share = share;
        this.shareOnly = only;
        return this;
    }

    /// As {@link Transfer#method}, for every file.
    public Tree method(@Nullable Method method) {
        this.method = method;
        return this;
    }

    /// As {@link Transfer#fallback}.
    public Tree fallback(boolean fallback) {
        this.fallback = fallback;
        return this;
    }

    /// Copies at most this many bytes in a second, over all workers.
    public Tree limit(long bytesPerSecond) {
        this.bytesPerSecond = Pace.checked(bytesPerSecond);
        return this;
    }

    /// As {@link #limit(long)}, at a rate that may change while it runs.
    public Tree limit(Rate rate) {
        this.rate = rate;
        return this;
    }

    /// Reads both files again before the copy gets its name (in place: afterwards), and fails with ESTALE where
    /// they differ. With {@link #durable} the copy's pages are dropped first, so that the bytes come from its disk.
    public Tree verified(boolean verified) {
        this.verified = verified;
        return this;
    }

    /// Tells how far it is, about every `interval`, on the caller's thread. Meanwhile another thread counts what
    /// there is to copy.
    public Tree progress(Duration interval, Consumer<Progress> listener) {
        this.interval = interval;
        this.listener = listener;
        return this;
    }

    /// Gets each failure as it happens, from any thread, one at a time.
    public Tree failures(Consumer<Failure> complaints) {
        this.complaints = complaints;
        return this;
    }

    /// Gets the names of each thing that was copied, of the source and of the copy, from any thread, one at a time.
    public Tree told(BiConsumer<String, String> told) {
        this.told = told;
        return this;
    }

    /// Whether a link is followed: a source that was named, or what is below it.
    boolean follows(boolean named) {
        return follow || !recursive || (named && followNamed);
    }

    /// Gives an open file `out` what it is to keep of `in`, as a copied tree has it.
    ///
    /// @throws ErrnoException of the first thing that was not kept (EOPNOTSUPP, EPERM); the others are
    public static void keep(Set<Kept> kept, Fd in, Fd out) throws ErrnoException {
        List<Loss> lost = keep(kept, Set.of(), in, in.stat(), out);
        if (!lost.isEmpty()) {
            throw lost.getFirst().cause();
        }
    }

    /// As {@link #keep(Set, Fd, Fd)}, with what is kept only if possible.
    ///
    /// @param before what `in` was before it was read, which moves its access time
    /// @return what was not kept
    public static List<Loss> keep(Set<Kept> kept, Set<Kept> ifPossible, Fd in, Stat before, Fd out) {
        if (kept.isEmpty() && ifPossible.isEmpty()) {
            return List.of();
        }
        try (Attributes attributes = new Attributes(in.kernel(), kept, ifPossible)) {
            attributes.keep(in.number(), out.number(), before, -1);
            return attributes.lost();
        }
    }

    /// Copies.
    ///
    /// @throws ErrnoException where nothing can begin, and nothing was written: ENOTDIR or ENOENT for several
    ///     sources and a destination that is no directory; EINVAL where a source would be copied into itself, or
    ///     onto itself; whatever opening the destination, or the only source, says
    public Report run() throws ErrnoException {
        if (backs() && (inPlace || attributesOnly || existing == Existing.SKIP)) {
            throw new IllegalStateException("a backup is for what is replaced");
        }
        try (TreeRun walk = new TreeRun(this)) {
            return walk.run();
        }
    }
}
