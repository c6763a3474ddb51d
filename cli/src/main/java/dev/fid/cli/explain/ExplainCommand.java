package dev.fid.cli.explain;

import dev.fid.Facts;
import dev.fid.Method;
import dev.fid.Plan;
import dev.fid.bench.measure.Json;
import dev.fid.bench.trace.Scenario;
import dev.fid.bench.trace.Trace;
import dev.fid.cli.base.Action;
import dev.fid.cli.base.Context;
import dev.fid.cli.base.ErrnoMeaning;
import dev.fid.cli.base.Exit;
import dev.fid.cli.base.Failure;
import dev.fid.cli.copy.Planning;
import dev.fid.cli.endpoint.Endpoint;
import dev.fid.cli.option.Values;
import dev.fid.cli.plan.Explanation;
import dev.fid.cli.plan.Inspection;
import dev.fid.model.Profile;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `fid explain SRC DST`.
@Command(
        name = "explain",
        customSynopsis = {
            "fid explain [OPTIONS] SRC DST",
            "       fid explain [OPTIONS] --scenario NAME",
            "       fid explain --list"
        },
        description = {
            "Shows which way `fid copy` would take, why, and what each page goes through.",
            "Nothing is written, connected or waited for.",
            "",
            "With --trace that way is walked on a model of the kernel: each call, the",
            "kernel functions that it passes, what the pipes hold, and the bill beside",
            "that of read and write. --scenario does it for what the articles show.",
            ""
        },
        footer = {
            "",
            "Examples:",
            "  fid explain big.iso copy.iso",
            "  fid explain big.iso tcp://localhost:7000",
            "  fid explain --errno EINVAL big.iso copy.iso",
            "  fid explain --json big.iso -",
            "  fid explain --trace big.iso tcp://localhost:7000",
            "  fid explain --trace --profile 2.6 file tcp",
            "  fid explain --scenario splice-4k",
            "  fid explain --list"
        })
public final class ExplainCommand implements Action {
    @Parameters(
            index = "0",
            arity = "0..1",
            paramLabel = "SRC",
            converter = Values.OfEndpoint.class,
            completionCandidates = Values.Schemes.class,
            description = "As for copy; with --trace also a place of the model, such as file, pipe or tcp.")
    private @Nullable Endpoint in;

    @Parameters(
            index = "1",
            arity = "0..1",
            paramLabel = "DST",
            converter = Values.OfEndpoint.class,
            completionCandidates = Values.Schemes.class,
            description = "The same.")
    private @Nullable Endpoint out;

    @Option(
            names = "--method",
            paramLabel = "METHOD",
            converter = Values.OfMethod.class,
            completionCandidates = Values.Methods.class,
            description = "Asks for this method.")
    private Values.@Nullable Choice method;

    @Option(
            names = "--errno",
            paramLabel = "E",
            converter = Values.OfErrno.class,
            description = "What each call means by this error.")
    private @Nullable String errno;

    @Option(names = "--trace", description = "Walks the way on the model of the kernel, call by call.")
    private boolean trace;

    @Option(
            names = "--scenario",
            paramLabel = "NAME",
            converter = Values.OfScenario.class,
            completionCandidates = Values.Scenarios.class,
            description = "Walks what an article shows, or Fid does.")
    private @Nullable Scenario scenario;

    @Option(names = "--list", description = "Names the scenarios, and the places for --trace.")
    private boolean list;

    @Option(
            names = "--profile",
            paramLabel = "KERNEL",
            converter = Values.OfProfile.class,
            completionCandidates = Values.Profiles.class,
            description = "The kernel of the walk: 2.6, as in the articles; 6.18; copying, one whose splice copies."
                    + " Default: 6.18")
    private @Nullable Profile profile;

    @Option(
            names = "--length",
            paramLabel = "SIZE",
            converter = Values.OfWalk.class,
            description = "Bytes of the walk, at most 8M. Default: those of the file or the scenario, at most 1M")
    private @Nullable Long length;

    @Option(names = "--json", description = "Prints JSON.")
    private boolean json;

    @Override
    public void run(Context context) throws Failure {
        check(context);
        try {
            context.console().print(text(context));
        } catch (IOException e) {
            throw new Failure(Exit.OPEN, String.valueOf(e.getMessage()), "", e);
        }
    }

    private void check(Context context) throws Failure {
        CommandLine own = context.commands().getSubcommands().get("explain");
        if (list || scenario != null) {
            String name = list ? "--list" : "--scenario";
            if (in != null) {
                throw Failure.usage(in.text() + ": " + name + " has no SRC and DST");
            }
            if (errno != null || method != null || trace || (list && (scenario != null || profile != null))) {
                throw Failure.usage(name + " goes with --json" + (list ? "" : ", --profile, --length") + " alone");
            }
        } else if (in == null || out == null) {
            String missing =
                    in == null ? "Missing required parameters: 'SRC', 'DST'" : "Missing required parameter: 'DST'";
            throw new CommandLine.ParameterException(own, missing);
        }
        if (!trace && scenario == null && (profile != null || length != null)) {
            throw Failure.usage((profile != null ? "--profile" : "--length") + " is for --trace and --scenario");
        }
        if (trace && errno != null) {
            throw Failure.usage("--errno and --trace: only one of them");
        }
    }

    private String text(Context context) throws Failure, IOException {
        Tracing tracing = new Tracing(profile == null ? Profile.LINUX_6_18 : profile, length == null ? -1 : length);
        if (list) {
            return Tracing.list(json);
        }
        if (scenario != null) {
            return walk(tracing.of(scenario), context);
        }
        Endpoint from = Objects.requireNonNull(in);
        Endpoint to = Objects.requireNonNull(out);
        Method only = method == null ? null : method.method();
        int verbose = context.root().verbose();
        if (trace) {
            return walk(tracing.of(from, to, only, verbose), context);
        }
        Facts source = Inspection.in(from, verbose);
        Facts sink = Inspection.out(to, from, false, verbose);
        if (from instanceof Endpoint.File file) {
            source = Inspection.at(source, file.offset());
        }
        long most = from instanceof Endpoint.File file ? file.length() : -1;
        Plan plan = Planning.of(source, sink, most, only, true, null);
        if (errno != null) {
            return meaning(errno, plan);
        }
        Explanation explanation = new Explanation(plan, from.text(), to.text(), context.colors(1));
        return json ? explanation.json() + "\n" : explanation.text();
    }

    private String walk(Trace walk, Context context) {
        return json ? walk.json() + "\n" : walk.text(context.colors(1));
    }

    private String meaning(String name, Plan plan) {
        if (!json) {
            return ErrnoMeaning.text(name, plan);
        }
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("schema", "fid.explain/1");
        object.put("errno", name);
        object.put("number", ErrnoMeaning.number(name));
        object.put("calls", Objects.requireNonNull(ErrnoMeaning.meanings(name, plan)));
        return Json.of(object) + "\n";
    }
}
