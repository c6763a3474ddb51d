package dev.fid.cli.tee;

import dev.fid.Method;
import dev.fid.cli.base.Failure;
import dev.fid.cli.base.Root;
import dev.fid.cli.endpoint.Endpoint;
import dev.fid.cli.option.AttachedValue;
import dev.fid.cli.option.Values;
import dev.fid.cli.report.FlowOptions;
import dev.fid.fanout.Fanout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.TypeConversionException;

/// What `fid tee` is asked to do.
final class TeeOptions {
    /// What a failed write to an output does. Source: coreutils, tee.c.
    enum OnError {
        /// Without an option: as SIGPIPE, the end of a pipe's reader ends all; else WARN.
        SIGPIPE("", false, false),
        WARN("warn", false, true),
        WARN_NOPIPE("warn-nopipe", false, false),
        EXIT("exit", true, true),
        EXIT_NOPIPE("exit-nopipe", true, false);

        private final String label;
        /// An error ends the command.
        final boolean exits;
        /// A pipe without a reader is an error like any other.
        final boolean tellsPipes;

        OnError(String label, boolean exits, boolean tellsPipes) {
            this.label = label;
            this.exits = exits;
            this.tellsPipes = tellsPipes;
        }
    }

    enum OnSlow {
        block(Fanout.Policy.BLOCK),
        drop(Fanout.Policy.DROP),
        fail(Fanout.Policy.FAIL);

        final Fanout.Policy policy;

        OnSlow(Fanout.Policy policy) {
            this.policy = policy;
        }
    }

    enum Way {
        auto(null),
        tee(Method.TEE),
        readwrite(Method.READ_WRITE);

        final @Nullable Method method;

        Way(@Nullable Method method) {
            this.method = method;
        }
    }

    static final class OfOnError implements ITypeConverter<OnError> {
        @Override
        public OnError convert(String text) {
            List<String> labels = new ArrayList<>();
            for (OnError mode : OnError.values()) {
                if (!text.isEmpty() && mode.label.equals(text)) {
                    return mode;
                }
                labels.add(mode.label);
            }
            labels.removeFirst();
            throw new TypeConversionException("'" + text + "' is not a mode (use " + String.join(", ", labels) + ")");
        }
    }

    /// The next word is an output.
    static final class Mode extends AttachedValue {
        Mode() {
            super(OnError.WARN_NOPIPE.label);
        }
    }

    @Parameters(
            arity = "0..*",
            paramLabel = "DST",
            converter = Values.OfEndpoint.class,
            description = "Where bytes go, besides stdout: a path, file:, fd://, tcp://, tcp-listen://, unix://,"
                    + " unix-listen://, exec:")
    private List<Endpoint> outs = new ArrayList<>();

    @Mixin
    final FlowOptions flow = new FlowOptions();

    private final Root root;
    private OnError onError = OnError.SIGPIPE;

    TeeOptions(Root root) {
        this.root = root;
    }

    @Option(
            names = {"-a", "--append"},
            description = "Writes behind the end of files.")
    boolean append;

    @Option(
            names = {"-i", "--ignore-interrupts"},
            description = "Ignores SIGINT.")
    boolean ignoreInterrupts;

    @Option(names = "-p", description = "As --output-error=warn-nopipe.")
    void pipes(boolean on) {
        if (on) {
            onError = OnError.WARN_NOPIPE;
        }
    }

    @Option(
            names = "--output-error",
            paramLabel = "MODE",
            arity = "0..1",
            preprocessor = Mode.class,
            converter = OfOnError.class,
            description =
                    "What a failed write does: warn, warn-nopipe, exit, exit-nopipe. Default of MODE: warn-nopipe. The"
                            + " last one counts.")
    void outputError(@Nullable OnError mode) {
        if (mode != null) {
            onError = mode;
        }
    }

    @Option(
            names = "--from",
            paramLabel = "SRC",
            converter = Values.OfEndpoint.class,
            description = "Reads this instead of stdin; any endpoint.")
    private @Nullable Endpoint from;

    @Option(names = "--no-stdout", description = "Writes to the DSTs alone.")
    boolean noStdout;

    @Option(
            names = "--on-slow",
            paramLabel = "block|drop|fail",
            description = "What becomes of an output that does not keep up. Default: block.")
    OnSlow onSlow = OnSlow.block;

    @Option(
            names = "--patience",
            paramLabel = "DURATION",
            converter = Values.OfDuration.class,
            description = "How long a slow output is waited for with drop and fail. Default: 1s.")
    @Nullable
    Duration patience;

    @Option(
            names = "--method",
            paramLabel = "auto|tee|readwrite",
            description =
                    "tee: references also for files. readwrite: each output gets bytes of its own. Default: auto.")
    Way method = Way.auto;

    @Option(
            names = "--fallback",
            paramLabel = "auto|never",
            description = "never: exit 5 where --method tee cannot be had.")
    private Values.Fallback fallback = Values.Fallback.auto;

    @Option(
            names = "--length",
            paramLabel = "N",
            converter = Values.OfSize.class,
            description = "Takes N bytes at most.")
    long length = -1;

    @Option(
            names = {"-f", "--force"},
            description = "Writes binary data to a terminal, too.")
    boolean force;

    @Option(
            names = "--interval",
            paramLabel = "DURATION",
            converter = Values.OfDuration.class,
            description = "Time between two lines of progress. Default: 100ms, json 500ms.")
    @Nullable
    Duration interval;

    /// Where bytes come from; stdin where nothing was said.
    Endpoint in() {
        Endpoint named = from;
        return named == null ? new Endpoint.Standard("-") : named;
    }

    /// All outputs, stdout first; `-` only names it once more.
    List<Endpoint> outs() {
        List<Endpoint> all = new ArrayList<>();
        if (writesStdout()) {
            all.add(new Endpoint.Standard("-"));
        }
        outs.stream().filter(out -> !(out instanceof Endpoint.Standard)).forEach(all::add);
        return all;
    }

    boolean writesStdout() {
        return !noStdout;
    }

    OnError onError() {
        return onError;
    }

    boolean fallback() {
        return fallback == Values.Fallback.auto;
    }

    int verbose() {
        return root.verbose();
    }

    boolean quiet() {
        return root.quiet();
    }

    /// Refuses options that do not go together.
    ///
    /// @throws Failure where two options contradict each other
    void check() throws Failure {
        flow.check();
        if (noStdout && outs.stream().anyMatch(out -> out instanceof Endpoint.Standard)) {
            throw Failure.usage("--no-stdout: - is stdout (a file of that name is file:-)");
        }
        if (outs().isEmpty()) {
            throw Failure.usage("--no-stdout: there is no other output");
        }
        if (patience != null && onSlow == OnSlow.block) {
            throw Failure.usage("--patience: it goes with --on-slow drop or fail");
        }
        if (in() instanceof Endpoint.File file && (file.append() || file.offset() >= 0 || file.length() >= 0)) {
            throw Failure.usage(file.text() + ": SRC has no options here but direct");
        }
        for (Endpoint out : outs) {
            if (out instanceof Endpoint.File file && (file.direct() || file.length() >= 0 || file.offset() >= 0)) {
                throw Failure.usage(file.text() + ": a DST has no options here but append");
            }
        }
    }
}
