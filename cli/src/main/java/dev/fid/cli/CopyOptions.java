package dev.fid.cli;

import dev.fid.Consistency;
import dev.fid.Method;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;
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
        never
    }

    enum Kept {
        mode,
        time,
        xattr
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
            paramLabel = "DST",
            converter = Values.OfEndpoint.class,
            completionCandidates = Values.Schemes.class,
            description = "Where they go; a directory takes the name of SRC.")
    private Endpoint out;

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
                    "What a pipe or socket gets: references to the source's pages, where later writes may show, or bytes of its own.")
    @Nullable
    Snapshot consistency;

    @Option(
            names = "--reflink",
            paramLabel = "WHEN",
            description = "always: share extents or fail. never: copy every byte. Default: auto.")
    When reflink = When.auto;

    @Option(
            names = "--sparse",
            paramLabel = "auto|never",
            description = "never: holes become zeros. Default: auto, holes stay.")
    Holes sparse = Holes.auto;

    @Option(
            names = "--limit",
            paramLabel = "RATE",
            converter = Values.OfRate.class,
            description = "Moves at most this many bytes a second.")
    long limit;

    @Option(
            names = "--block",
            paramLabel = "SIZE",
            converter = Values.OfBlock.class,
            description = "Bytes of a buffer, 4K to 256K.")
    int block;

    @Option(
            names = "--pipe-size",
            paramLabel = "SIZE",
            converter = Values.OfSize.class,
            description = "Bytes of a pipe of its own.")
    long pipeSize;

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

    @Option(names = "--no-clobber", description = "Refuses a DST that exists (exit 3).")
    boolean noClobber;

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
            description = "Gives DST the mode, time and user xattr of SRC: any of mode,time,xattr. Default: mode,time.")
    Set<Kept> preserve = EnumSet.noneOf(Kept.class);

    @Option(names = "--fsync", description = "Returns when DST is on the disk.")
    boolean fsync;

    @Option(names = "--verify", description = "Reads both ends again and compares their CRC32C (exit 6).")
    boolean verify;

    @Option(names = "--checksum", paramLabel = "crc32c|sha256", description = "Prints the sum of the bytes.")
    Sum.@Nullable Kind checksum;

    @Option(
            names = {"-n", "--dry-run"},
            description = "Prints the plan; writes nothing.")
    boolean dryRun;

    @Option(
            names = "--timeout",
            paramLabel = "DURATION",
            converter = Values.OfDuration.class,
            description = "Exit 8 when it is not done by then.")
    @Nullable
    Duration timeout;

    @Option(
            names = "--progress",
            paramLabel = "WHEN",
            description = "auto (stderr is a terminal), always, never, json.")
    Reporter.Mode progress = Reporter.Mode.auto;

    @Option(
            names = {"-i", "--interval"},
            paramLabel = "DURATION",
            converter = Values.OfDuration.class,
            description = "Time between two lines of progress. Default: 100ms, json 500ms.")
    @Nullable
    Duration interval;

    @Option(names = "--json", description = "Prints the result as JSON; on stderr where stdout carries the data.")
    boolean json;

    Endpoint in() {
        return in;
    }

    Endpoint out() {
        return out;
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

    String methodName() {
        Method named = method();
        return named == null ? reflink == When.always ? "reflink" : "auto" : named.toString();
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

    /// @throws Failure where two options contradict each other
    void check() throws Failure {
        boolean whole = !append && !(out instanceof Endpoint.File file && (file.append() || file.offset() >= 0));
        if (noClobber && !whole) {
            throw Failure.usage("--no-clobber: it makes no sense for a part of a file");
        }
        if (reflink == When.always && (consistency != null || method != null)) {
            throw Failure.usage("--reflink always: it is a method, so --method and --consistency do not go with it");
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
        if (!preserve.isEmpty() && !(out instanceof Endpoint.File)) {
            throw Failure.usage("--preserve: " + out.text() + " keeps no metadata");
        }
    }
}
