package dev.fid.cli.copy;

import dev.fid.bench.measure.Human;
import dev.fid.bench.measure.Json;
import dev.fid.cli.base.Console;
import dev.fid.cli.base.Exit;
import dev.fid.cli.base.Failure;
import dev.fid.cli.base.Failures;
import dev.fid.cli.base.Stop;
import dev.fid.cli.endpoint.Endpoint;
import dev.fid.cli.report.RateFile;
import dev.fid.cli.report.Reporter;
import dev.fid.files.Tree;
import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Name;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A copy of trees, or of several files: turns the options into a {@link Tree}, tells how far it is, what failed,
/// and what was done.
final class TreeCopying {
    private final CopyOptions options;
    private final Console console;
    private final Stop stop;
    private final Reporter reporter;

    TreeCopying(CopyOptions options, Console console, Stop stop) {
        this.options = options;
        this.console = console;
        this.stop = stop;
        this.reporter = new Reporter(console, options.quiet(), options.flow, options.interval, "");
    }

    /// How far it is, for SIGUSR1.
    void status() {
        reporter.status();
    }

    void run() throws Failure {
        options.check();
        Tree tree = tree();
        try (Stop.Timer _ = stop.after(options.flow.timeout, console.real());
                RateFile watched = RateFile.of(options.flow, console)) {
            if (watched != null) {
                tree.limit(watched.rate());
            }
            Tree.Report report = tree.run();
            reporter.erase();
            Failure failure = failure(report);
            tell(report, failure);
            if (failure != null) {
                throw failure;
            }
        } catch (ErrnoException e) {
            Failure failure = refused(e);
            if (options.flow.json) {
                console.print(Json.of(object(null, failure)) + "\n");
            }
            throw failure;
        }
    }

    private Tree tree() throws Failure {
        List<Name> sources = new ArrayList<>();
        for (Endpoint source : options.sources()) {
            sources.add(((Endpoint.File) source).path());
        }
        Tree tree = Tree.of(sources)
                .to(((Endpoint.File) options.out()).path())
                .recursive(options.recursive)
                .follow(options.follow)
                .followNamed(options.naming.followNamed)
                .exact(options.naming.exact)
                .parents(options.naming.parents)
                .oneFileSystem(options.naming.oneFileSystem)
                .linked(options.naming.link)
                .attributesOnly(options.naming.attributesOnly)
                .links(!options.noPreserve.contains(CopyOptions.Kept.links))
                .keep(options.kept())
                .keepIfPossible(options.keptIfPossible())
                .existing(existing())
                .backup(options.backup.backup(console.environment()), options.backup.suffix(console.environment()))
                .holes(holes())
                .inPlace(options.inPlace)
                .cached(!options.noCache)
                .durable(options.fsync)
                .verified(options.verify)
                .share(options.reflink != CopyOptions.When.never, options.reflink == CopyOptions.When.always)
                .method(options.method())
                .fallback(options.fallback())
                .failures(this::complain);
        if (options.flow.limit > 0) {
            tree.limit(options.flow.limit);
        }
        if (options.jobs > 0) {
            tree.jobs(options.jobs);
        }
        if (options.verbose() >= 1) {
            tree.told(this::copied);
        }
        // To count what is to come costs a look at every file: only where somebody wants to know.
        return reporter.silent() ? tree : tree.progress(reporter.tick(), reporter::tell);
    }

    private Tree.Existing existing() {
        return options.noClobber
                ? Tree.Existing.SKIP
                : options.update ? Tree.Existing.UPDATE : options.resume ? Tree.Existing.RESUME : Tree.Existing.REPLACE;
    }

    private Tree.Holes holes() {
        return switch (options.sparse) {
            case auto -> Tree.Holes.KEPT;
            case always -> Tree.Holes.MADE;
            case never -> Tree.Holes.FILLED;
        };
    }

    private void copied(String in, String out) {
        reporter.erase();
        console.tell(in + " -> " + out);
    }

    // ---- what failed ----

    private void complain(Tree.Failure failure) {
        reporter.erase();
        console.tell("fid: copy: " + failure.path() + ": " + reason(failure.cause()));
    }

    private String reason(ErrnoException e) {
        if (CopyFailures.isMethodRefused(e, options)) {
            return CopyFailures.methodRefused(e, options);
        }
        return e.errno() == Errno.EISDIR && !options.recursive
                ? "Is a directory (-r copies directories)"
                : Failures.reason(e, options.verbose());
    }

    /// Nothing could begin.
    private Failure refused(ErrnoException e) {
        boolean single = options.sources().size() == 1;
        boolean directory = e.errno() == Errno.EISDIR && !options.recursive;
        String hint = directory
                ? "-r copies directories"
                : single || e.errno() != Errno.ENOENT
                        ? ""
                        : "several sources need a directory: mkdir "
                                + options.out().text();
        return new Failure(Exit.OPEN, e.arguments() + ": " + Failures.reason(e, options.verbose()), hint, e);
    }

    private @Nullable Failure failure(Tree.Report report) {
        Stop.Reason why = stop.reason();
        if (why != null) {
            return new Failure(why.exit(), why.text() + " after " + done(report) + "; what has its name is whole");
        }
        if (report.failed() == 0) {
            return null;
        }
        List<Tree.Failure> failures = report.failures();
        boolean nothing = report.files() + report.directories() + report.symlinks() + report.special() == 0;
        boolean opening = failures.stream().allMatch(each -> each.cause().call().matches("open|stat"));
        boolean changed = failures.stream().allMatch(each -> each.cause().errno() == Errno.ESTALE);
        boolean method = failures.stream().allMatch(each -> CopyFailures.isMethodRefused(each.cause(), options));
        int exit = nothing && opening ? Exit.OPEN : changed ? Exit.CHANGED : method ? Exit.METHOD : Exit.IO;
        String count = Human.files(report.failed()) + (report.failed() == 1 ? " failure" : " failures");
        String text = report.stopped()
                ? "the destination is full or read-only, after " + done(report) + "; what has its name is whole"
                : count + "; the rest was copied";
        return new Failure(
                exit,
                text,
                method ? CopyFailures.methodHint(options) : "",
                failures.getLast().cause());
    }

    // ---- what was done ----

    private static String done(Tree.Report report) {
        return Human.files(report.files())
                + (report.files() == 1 ? " file, " : " files, ")
                + Human.bytes(report.bytes());
    }

    private void tell(Tree.Report report, @Nullable Failure failure) throws Failure {
        if (options.flow.json) {
            console.print(Json.of(object(report, failure)) + "\n");
            return;
        }
        if (!options.quiet()) {
            console.done(line(report));
            report.lost()
                    .forEach((loss, count) -> console.err().println("note: " + Human.files(count) + " lack " + loss));
        }
        if (options.verbose() >= 1 && !report.uncached().isEmpty()) {
            console.err().println("page cache spared by " + report.uncached());
        }
        if (options.verbose() >= 2) {
            report.byMethod().forEach((method, bytes) -> console.err().println(Human.bytes(bytes) + " by " + method));
        }
    }

    private static String line(Tree.Report report) {
        StringBuilder line = new StringBuilder("copied ").append(done(report));
        count(line, report.directories(), "directory", "directories");
        count(line, report.symlinks(), "symbolic link", "symbolic links");
        count(line, report.links(), "hard link", "hard links");
        count(line, report.special(), "special file", "special files");
        line.append(" in ").append(Human.seconds(report.nanos()));
        if (report.bytes() > 0) {
            line.append(" (").append(Human.rate(report.bytes(), report.nanos())).append(')');
        }
        if (report.skipped() > 0) {
            line.append("; ").append(Human.files(report.skipped())).append(" left as they were");
        }
        return line.append("; ")
                .append(Human.bytes(report.userBytes()))
                .append(" through user space")
                .toString();
    }

    private static void count(StringBuilder line, long number, String one, String several) {
        if (number > 0) {
            line.append(", ").append(Human.files(number)).append(' ').append(number == 1 ? one : several);
        }
    }

    private Map<String, @Nullable Object> object(Tree.@Nullable Report report, @Nullable Failure failure) {
        Map<String, @Nullable Object> object = new LinkedHashMap<>();
        object.put("schema", "fid.copy-tree/1");
        object.put("src", options.sources().stream().map(Endpoint::text).toList());
        object.put("dst", options.out().text());
        if (report != null) {
            object.put("files", report.files());
            object.put("bytes", report.bytes());
            object.put("directories", report.directories());
            object.put("symlinks", report.symlinks());
            object.put("hard_links", report.links());
            object.put("special", report.special());
            object.put("skipped", report.skipped());
            object.put("seconds", report.nanos() / 1e9);
            object.put("by_method", report.byMethod());
            object.put("user_bytes", report.userBytes());
            object.put("uncached", report.uncached().isEmpty() ? null : report.uncached());
            object.put("lost", report.lost());
            object.put("failed", report.failed());
            object.put("failures", report.failures().stream().map(this::object).toList());
        }
        if (failure != null) {
            object.put("error", CopyReport.error(failure));
        }
        return object;
    }

    private Map<String, Object> object(Tree.Failure failure) {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("path", failure.path());
        object.put("side", failure.out() ? "dst" : "src");
        object.put("call", failure.cause().call());
        object.put("errno", Errno.name(failure.cause().errno()));
        object.put(
                "text",
                CopyFailures.isMethodRefused(failure.cause(), options)
                        ? CopyFailures.methodRefused(failure.cause(), options)
                        : Failures.reason(failure.cause(), 0));
        return object;
    }
}
