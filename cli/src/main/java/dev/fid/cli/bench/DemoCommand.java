package dev.fid.cli.bench;

import dev.fid.bench.Demo;
import dev.fid.cli.base.Action;
import dev.fid.cli.base.Context;
import dev.fid.cli.base.Exit;
import dev.fid.cli.base.Failure;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/// `fid demo [FILE]`.
@Command(
        name = "demo",
        description = {"Moves a file every way that this machine allows and prints a table, in less than 30 s.", ""},
        footer = {"", "Examples:", "  fid demo big.iso"})
public final class DemoCommand implements Action {
    @Parameters(index = "0", arity = "0..1", paramLabel = "FILE", description = "A file; none: one that every JDK has.")
    private @Nullable Path file;

    @Override
    public void run(Context context) throws Failure {
        int columns = context.console().columns();
        PrintStream out = new PrintStream(context.console().out(), true, StandardCharsets.UTF_8);
        int result = Demo.run(file, out, context.console().err(), columns < 0 ? 100 : columns);
        if (result != 0) {
            throw new Failure(Exit.IO, "not every output was equal to the source, see above");
        }
    }
}
