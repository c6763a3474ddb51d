package dev.fid.cli.copy;

import dev.fid.Consistency;
import dev.fid.Facts;
import dev.fid.FdKind;
import dev.fid.Method;
import dev.fid.NoMethodException;
import dev.fid.Plan;
import dev.fid.cli.base.Exit;
import dev.fid.cli.base.Failure;
import dev.fid.cli.plan.Inspection;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/// Plans for endpoints that are not open, as `--dry-run` and `explain` show them.
public final class Planning {
    private Planning() {}

    /// What `fid copy` would follow.
    static Plan of(CopyOptions options) throws Failure, IOException {
        Facts in = Inspection.at(Inspection.in(options.in(), options.verbose()), options.start());
        Facts out = Inspection.out(options.out(), options.in(), options.append, options.verbose());
        boolean files = in.kind() == FdKind.FILE && out.kind() == FdKind.FILE;
        boolean copies = options.reflink == CopyOptions.When.never || options.sparse == CopyOptions.Holes.never;
        Method method = options.method() == null && files && copies ? Method.SPLICE_THROUGH_PIPE : options.method();
        if (!options.fallback() && (options.most() == 0 || Inspection.isAtEnd(options.in(), options.skipped()))) {
            return Plan.ofNothing(in, out);
        }
        try {
            return of(in, out, options.most(), method, options.fallback(), options.named());
        } catch (NoMethodException e) {
            throw new Failure(Exit.METHOD, CopyFailures.methodRefused(e, options), CopyFailures.methodHint(options), e);
        }
    }

    public static Plan of(
            Facts in,
            Facts out,
            long length,
            @Nullable Method method,
            boolean fallback,
            @Nullable Consistency consistency)
            throws Failure {
        Consistency named =
                consistency != null ? consistency : Plan.Terms.usual(in, out).consistency();
        if (in.kind() == FdKind.DIRECTORY || out.kind() == FdKind.DIRECTORY) {
            throw new Failure(Exit.OPEN, "a directory has no bytes to move");
        }
        return Plan.of(in, out, new Plan.Terms(length, method, fallback, named));
    }
}
