package dev.fid.cli.copy;

import dev.fid.Consistency;
import dev.fid.Method;
import dev.fid.cli.base.Exit;
import dev.fid.cli.base.Failure;
import dev.fid.cli.base.Root;
import dev.fid.cli.endpoint.Endpoint;
import dev.fid.cli.option.NamingOptions;
import dev.fid.cli.option.Values;
import dev.fid.cli.report.FlowOptions;
import dev.fid.files.Tree;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Name;
import dev.fid.kernel.Stat;
import dev.fid.kernel.Uapi;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// What `fid copy` is asked to do.
@SuppressWarnings("NullAway.Init") // picocli fills the positional parameters
final class CopyOptions {
    enum Snapshot {
        alias,
        stable
    }

    enum When {
        always,
        auto,
        never
    }

    enum Holes {
        auto,
        always,
        never
    }

    enum Kept {
        mode,
        time,
        owner,
        xattr,
        acl,
        links,
        all
    }

    @Parameters(
            index = "0",
            paramLabel = "SRC",
            converter = Values.OfEndpoint.class,
            completionCandidates = Values.Schemes.class,
            description = "Where bytes come from: a file, - or another form; fid help endpoints has them all.")
    private Endpoint in;

    @Parameters(
            index = "1",
            arity = "0..1",
            paramLabel = "DST",
            converter = Values.OfEndpoint.class,
            completionCandidates = Values.Schemes.class,
            description = "Where they go; a directory takes the name of SRC. With several SRC it is a directory.")
    private @Nullable Endpoint second;

    /// Behind the first two: the last of all is DST.
    @Parameters(index = "2..*", hidden = true, paramLabel = "DST", converter = Values.OfEndpoint.class)
    private List<Endpoint> more = new ArrayList<>();

    @Mixin
    final FlowOptions flow = new FlowOptions();

    @Mixin
    final NamingOptions naming = new NamingOptions();

    @Mixin
    final BackupOptions backup = new BackupOptions();

    private final Root root;

    CopyOptions(Root root) {
        this.root = root;
    }

    @Option(
            names = "--method",
            paramLabel = "METHOD",
            converter = Values.OfMethod.class,
            completionCandidates = Values.Methods.class,
            description = "Uses this method: ${COMPLETION-CANDIDATES}.")
    private Values.@Nullable Choice method;

    @Option(names = "--fallback", paramLabel = "auto|never", description = "never: exit 5 instead of a slower method.")
    private Values.Fallback fallback = Values.Fallback.auto;

    @Option(
            names = "--consistency",
            paramLabel = "alias|stable",
            description =
                    "What a pipe or socket gets: references to the source's pages, where later writes may show, or"
                            + " bytes of its own.")
    @Nullable
    Snapshot consistency;

    @Option(
            names = "--reflink",
            paramLabel = "WHEN",
            description = "always: share extents or fail. never: copy every byte. Default: auto.")
    When reflink = When.auto;

    @Option(
            names = "--sparse",
            paramLabel = "WHEN",
            description = "always: blocks of zeros become holes. never: holes become zeros. Default: auto, holes stay.")
    Holes sparse = Holes.auto;

    @Option(
            names = "--block",
            paramLabel = "SIZE",
            converter = Values.OfBlock.class,
            description = "Bytes of a buffer, 4K to 256K.")
    int block;

    @Option(
            names = "--offset",
            paramLabel = "N",
            converter = Values.OfSize.class,
            description = "Starts at byte N of SRC.")
    long offset = -1;

    @Option(
            names = "--length",
            paramLabel = "N",
            converter = Values.OfSize.class,
            description = "Copies N bytes at most.")
    long length = -1;

    @Option(
            names = {"-a", "--append"},
            description = "Writes behind the end of DST.")
    boolean append;

    @Option(
            names = "--no-clobber",
            description = "Refuses a DST that exists (exit 3); with -r or several SRC leaves it as it is.")
    boolean noClobber;

    @Option(
            names = {"-r", "--recursive"},
            description = "Copies directories with all that is in them; links, FIFOs and devices as such.")
    boolean recursive;

    @Option(
            names = {"-L", "--dereference"},
            description = "With -r: copies what a symbolic link points to, instead of the link.")
    boolean follow;

    @Option(
            names = {"-u", "--update"},
            description = "Replaces only what is older than its source.")
    boolean update;

    @Option(
            names = "--resume",
            description = "Goes on where a copy ended: files that are there stay, and a large one is kept as"
                    + " .NAME.fid-part and continued, once its tail is compared with SRC.")
    boolean resume;

    @Option(
            names = "--in-place",
            description = "Writes into the file that is there: inode, owner and hard links stay, and a copy that"
                    + " fails leaves a part.")
    boolean inPlace;

    @Option(
            names = "--no-cache",
            description = "Leaves nothing in the page cache: RWF_DONTCACHE, or POSIX_FADV_DONTNEED where the kernel"
                    + " has none (-v tells which).")
    boolean noCache;

    @Option(
            names = {"-j", "--jobs"},
            paramLabel = "N",
            converter = Values.OfJobs.class,
            description = "With -r: files copied at once, 1 to 64. Default: one per processor, at most 8.")
    int jobs;

    @Option(names = "--delete", hidden = true)
    private boolean delete;

    @Option(
            names = {"-f", "--force"},
            description = "Reads from and writes to a terminal, too.")
    boolean force;

    @Option(
            names = "--preserve",
            paramLabel = "WHAT",
            split = ",",
            arity = "0..1",
            fallbackValue = "mode,time",
            description =
                    "What DST keeps of SRC: any of mode (with the ACL), time, owner, xattr, acl, links (kept with -r in"
                            + " any case), or all, as far as its file system can hold it. Without WHAT: mode,time."
                            + " Without the option: the mode less the umask.")
    Set<Kept> preserve = EnumSet.noneOf(Kept.class);

    @Option(
            names = "--no-preserve",
            paramLabel = "WHAT",
            split = ",",
            description = "Takes away what --preserve names.")
    Set<Kept> noPreserve = EnumSet.noneOf(Kept.class);

    @Option(names = "--fsync", description = "Returns when DST is on the disk.")
    boolean fsync;

    @Option(names = "--verify", description = "Reads both ends again and compares them (exit 6).")
    boolean verify;

    @Option(names = "--checksum", paramLabel = "crc32c|sha256", description = "Prints the sum of the bytes.")
    Sum.@Nullable Kind checksum;

    @Option(
            names = {"-n", "--dry-run"},
            description = "Prints the plan; writes nothing.")
    boolean dryRun;

    @Option(
            names = {"-i", "--interval"},
            paramLabel = "DURATION",
            converter = Values.OfDuration.class,
            description = "Time between two lines of progress. Default: 100ms, json 500ms.")
    @Nullable
    Duration interval;

    Endpoint in() {
        return in;
    }

    Endpoint out() {
        return Objects.requireNonNull(last(), "checked");
    }

    private @Nullable Endpoint last() {
        return naming.directory != null ? naming.directory : more.isEmpty() ? second : more.getLast();
    }

    /// All but the last; all of them where the directory has an option of its own.
    List<Endpoint> sources() {
        List<Endpoint> all = new ArrayList<>(List.of(in));
        if (second != null) {
            all.add(second);
        }
        all.addAll(more);
        if (naming.directory == null && all.size() > 1) {
            all.removeLast();
        }
        return all;
    }

    /// Makes one of the sources the only one.
    void only(Endpoint source) {
        Endpoint last = out();
        in = source;
        second = last;
        more = new ArrayList<>();
    }

    /// Whether several sources go into one stream, one behind the other.
    boolean joins() {
        return sources().size() > 1 && (last() instanceof Endpoint.Standard || last() instanceof Endpoint.Inherited);
    }

    /// Whether this is for {@link TreeCopying}: several files, or what only a copy from name to name can do.
    boolean isTree() {
        return !treeOption().isEmpty();
    }

    /// What `all` stands for: as far as DST can hold it.
    Set<Tree.Kept> keptIfPossible() {
        return preserve.contains(Kept.all) ? EnumSet.allOf(Tree.Kept.class) : EnumSet.noneOf(Tree.Kept.class);
    }

    /// What DST must hold.
    Set<Tree.Kept> kept() {
        Set<Tree.Kept> kept = EnumSet.noneOf(Tree.Kept.class);
        for (Kept each : preserve) {
            switch (each) {
                case mode -> kept.add(Tree.Kept.MODE);
                case time -> kept.add(Tree.Kept.TIME);
                case owner -> kept.add(Tree.Kept.OWNER);
                case xattr -> kept.add(Tree.Kept.XATTR);
                case acl -> kept.add(Tree.Kept.ACL);
                case links, all -> {} // kept in any case; not a must
            }
        }
        for (Kept each : noPreserve) {
            switch (each) {
                case mode -> kept.remove(Tree.Kept.MODE);
                case time -> kept.remove(Tree.Kept.TIME);
                case owner -> kept.remove(Tree.Kept.OWNER);
                case xattr -> kept.remove(Tree.Kept.XATTR);
                case acl -> kept.remove(Tree.Kept.ACL);
                case links -> {} // linked()
                case all -> kept.clear();
            }
        }
        return kept;
    }

    /// Bytes of the source before those to copy.
    long skipped() {
        return Math.max(0, start());
    }

    int verbose() {
        return root.verbose();
    }

    boolean quiet() {
        return root.quiet();
    }

    boolean fallback() {
        return fallback == Values.Fallback.auto && reflink != When.always;
    }

    @Nullable
    Method method() {
        return method == null ? null : method.method();
    }

    /// The option that names the only method allowed.
    String methodOption() {
        Method named = method();
        return reflink == When.always ? "--reflink always" : "--method " + (named == null ? "auto" : named);
    }

    /// Where to start in the source: the endpoint's own option, or the command's; -1 for its position.
    long start() {
        return in instanceof Endpoint.File file && file.offset() >= 0 ? file.offset() : offset;
    }

    long most() {
        return in instanceof Endpoint.File file && file.length() >= 0 ? file.length() : length;
    }

    @Nullable
    Consistency named() {
        if (reflink == When.always) {
            return Consistency.REFLINK;
        }
        return consistency == null ? null : consistency == Snapshot.alias ? Consistency.ALIAS : Consistency.STABLE;
    }

    /// Refuses options that do not go together.
    ///
    /// @throws Failure where two options contradict each other
    void check() throws Failure {
        if (delete) {
            throw new Failure(
                    Exit.USAGE, "--delete: fid removes nothing", "rsync -a --delete SRC/ DST does that", null);
        }
        if (naming.directory == null && second == null) {
            throw Failure.usage("Missing required parameter: 'DST'");
        }
        flow.check();
        checkNames();
        checkSharing();
        if (isTree()) {
            checkTree();
            return;
        }
        checkSingle(out());
    }

    private void checkSingle(Endpoint out) throws Failure {
        boolean whole = !append && !(out instanceof Endpoint.File file && (file.append() || file.offset() >= 0));
        if (noClobber && !whole) {
            throw Failure.usage("--no-clobber: it makes no sense for a part of a file");
        }
        if (noClobber && !(out instanceof Endpoint.File)) {
            throw Failure.usage("--no-clobber: " + out.text() + " is no name that a file could have");
        }
        if (append && !(out instanceof Endpoint.File)) {
            throw Failure.usage("--append: only a file has an end to append to, not " + out.text());
        }
        if (out instanceof Endpoint.File file && (file.direct() || file.length() >= 0)) {
            throw Failure.usage(file.text() + ": direct and length are options of SRC");
        }
        if (in instanceof Endpoint.File file && file.append()) {
            throw Failure.usage(file.text() + ": append is an option of DST");
        }
        boolean file =
                out instanceof Endpoint.File || out instanceof Endpoint.Standard || out instanceof Endpoint.Inherited;
        if (verify && !file) {
            throw Failure.usage("--verify: " + out.text() + " cannot be read again");
        }
        if (fsync && !file) {
            throw Failure.usage("--fsync: " + out.text() + " is on no disk");
        }
        if (out instanceof Endpoint.File target && target.offset() >= 0 && (append || target.append())) {
            throw Failure.usage(
                    target.text() + ": what is appended goes behind the end, so offset does not go with it");
        }
        if (!preserve.isEmpty() && !(out instanceof Endpoint.File)) {
            throw Failure.usage("--preserve: " + out.text() + " keeps no metadata");
        }
    }

    /// Shared extents are the source's own: no other method makes them, and neither zeros nor holes change there.
    private void checkSharing() throws Failure {
        if (reflink == When.always && (consistency != null || method != null)) {
            throw Failure.usage("--reflink always: it is a method, so --method and --consistency do not go with it");
        }
        if (reflink == When.always && sparse != Holes.auto) {
            throw Failure.usage("--reflink always: what is shared has the holes of SRC, so --sparse " + sparse
                    + " does not go with it");
        }
        if (reflink == When.always && noCache) {
            throw Failure.usage(
                    "--reflink always: what is shared is neither read nor written, so --no-cache does not go with it");
        }
        Method named = method();
        boolean mayShare = named == Method.REFLINK || named == Method.COPY_FILE_RANGE;
        if (mayShare && (reflink == When.never || sparse != Holes.auto)) {
            throw Failure.usage("--method " + named + ": it may share extents, so "
                    + (reflink == When.never ? "--reflink never" : "--sparse " + sparse) + " does not go with it");
        }
        if (named != null && named != Method.READ_WRITE && (noCache || sparse == Holes.always)) {
            throw Failure.usage("--method " + named + ": " + (noCache ? "--no-cache" : "--sparse always")
                    + " reads and writes, so the two do not go together");
        }
    }

    private void checkNames() throws Failure {
        if (naming.exact && naming.directory != null) {
            throw Failure.usage("--no-target-directory: --target-directory does not go with it");
        }
        if (naming.exact && sources().size() > 1) {
            throw Failure.usage("--no-target-directory: it is for one SRC");
        }
        if (naming.exact && naming.parents) {
            throw Failure.usage("--no-target-directory: with --parents DST is a directory");
        }
        boolean intoFiles = naming.directory != null || naming.exact;
        if (intoFiles && !(out() instanceof Endpoint.File)) {
            throw Failure.usage(out().text() + ": it is no directory for copies");
        }
        if (naming.directory instanceof Endpoint.File file && !isDirectory(file.path())) {
            throw new Failure(Exit.OPEN, file.text() + ": Not a directory");
        }
        if (naming.link && naming.attributesOnly) {
            throw Failure.usage("--attributes-only: --link makes no file of its own");
        }
    }

    private static boolean isDirectory(Name path) {
        Stat stat = new Stat();
        int result = Kernel.linux().statx(Uapi.AT_FDCWD, path.bytes(), 0, Uapi.STATX_BASIC_STATS, stat);
        return result == 0 && stat.type() == Uapi.S_IFDIR;
    }

    private void checkTree() throws Failure {
        String[] single = {
            append ? "--append" : "",
            offset >= 0 ? "--offset" : "",
            length >= 0 ? "--length" : "",
            checksum != null ? "--checksum" : "",
            block > 0 ? "--block" : "",
            flow.pipeSize > 0 ? "--pipe-size" : "",
            consistency != null ? "--consistency" : "",
            dryRun ? "--dry-run" : ""
        };
        for (String option : single) {
            if (!option.isEmpty()) {
                throw Failure.usage(option + ": it is for one source, without " + treeOption());
            }
        }
        int policies = (noClobber ? 1 : 0) + (update ? 1 : 0) + (resume ? 1 : 0);
        if (policies > 1) {
            throw Failure.usage("--no-clobber, --update and --resume: one of them");
        }
        checkBackup();
        if (inPlace && resume) {
            throw Failure.usage("--in-place: --resume needs a file of its own");
        }
        if (resume && (noCache || sparse == Holes.always)) {
            throw Failure.usage("--resume: --no-cache and --sparse always do not go with it");
        }
        List<Endpoint> all = new ArrayList<>(sources());
        all.add(out());
        for (Endpoint each : all) {
            if (!(each instanceof Endpoint.File file)) {
                throw Failure.usage(treeOption() + ": only files and directories, not " + each.text());
            }
            if (file.offset() >= 0 || file.length() >= 0 || file.append() || file.direct()) {
                throw Failure.usage(file.text() + ": its options are for one source, without " + treeOption());
            }
        }
    }

    private void checkBackup() throws Failure {
        String other =
                inPlace ? "--in-place" : noClobber ? "--no-clobber" : naming.attributesOnly ? "--attributes-only" : "";
        if (backup.isGiven() && !other.isEmpty()) {
            throw Failure.usage("--backup: with " + other + " nothing is replaced");
        }
    }

    /// What makes it a copy from names to names; nothing where it is none.
    private String treeOption() {
        String naming = this.naming.treeOption();
        return recursive
                ? "-r"
                : sources().size() > 1 && !joins()
                        ? "several SRC"
                        : follow
                                ? "-L"
                                : update
                                        ? "--update"
                                        : resume
                                                ? "--resume"
                                                : inPlace
                                                        ? "--in-place"
                                                        : noCache
                                                                ? "--no-cache"
                                                                : jobs > 0
                                                                        ? "--jobs"
                                                                        : sparse == Holes.always
                                                                                ? "--sparse always"
                                                                                : backup.isGiven()
                                                                                        ? "--backup"
                                                                                        : naming;
    }
}
