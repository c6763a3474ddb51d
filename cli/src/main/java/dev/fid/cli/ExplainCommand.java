package dev.fid.cli;

import dev.fid.Facts;
import dev.fid.Plan;
import dev.fid.bench.Json;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `fid explain SRC DST`.
@Command(
        name = "explain",
        description = {
            "Shows which way `fid copy` would take, why, and what each page goes through.",
            "Nothing is written, connected or waited for.",
            ""
        },
        footer = {
            "",
            "Examples:",
            "  fid explain big.iso copy.iso",
            "  fid explain big.iso tcp://localhost:7000",
            "  fid explain --errno EINVAL big.iso copy.iso",
            "  fid explain --json big.iso -"
        })
@SuppressWarnings("NullAway.Init") // picocli fills the positional parameters
final class ExplainCommand implements Action {
    @Parameters(
            index = "0",
            paramLabel = "SRC",
            converter = Values.OfEndpoint.class,
            completionCandidates = Values.Schemes.class,
            description = "As for copy.")
    private Endpoint in;

    @Parameters(
            index = "1",
            paramLabel = "DST",
            converter = Values.OfEndpoint.class,
            completionCandidates = Values.Schemes.class,
            description = "As for copy.")
    private Endpoint out;

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

    @Option(names = "--json", description = "Prints JSON.")
    private boolean json;

    @Override
    public void run(Context context) throws Failure {
        try {
            Facts from = Inspection.in(in, context.root().verbose());
            Facts to = Inspection.out(out, in, false, context.root().verbose());
            if (in instanceof Endpoint.File file) {
                from = Inspection.at(from, file.offset());
            }
            long length = in instanceof Endpoint.File file ? file.length() : -1;
            Plan plan = Planning.of(from, to, length, method == null ? null : method.method(), true, null);
            context.console().print(errno == null ? way(plan, context) : meaning(errno, plan));
        } catch (IOException e) {
            throw new Failure(Exit.OPEN, String.valueOf(e.getMessage()), "", e);
        }
    }

    private String way(Plan plan, Context context) {
        Explanation explanation = new Explanation(plan, in.text(), out.text(), context.colors(1));
        return json ? explanation.json() + "\n" : explanation.text();
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
