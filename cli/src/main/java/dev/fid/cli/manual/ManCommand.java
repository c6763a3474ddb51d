package dev.fid.cli.manual;

import dev.fid.cli.base.Action;
import dev.fid.cli.base.Context;
import dev.fid.cli.base.Exit;
import dev.fid.cli.base.Failure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/// `fid man DIR`: for whoever builds or packages fid, so no help lists it.
@Command(
        name = "man",
        hidden = true,
        description = {"Writes the man pages below a directory, as man1/fid.1 and so on.", ""},
        footer = {"", "Examples:", "  fid man pages"})
@SuppressWarnings("NullAway.Init") // picocli fills the positional parameters
public final class ManCommand implements Action {
    @Parameters(index = "0", paramLabel = "DIR", description = "The directory, made where it is missing.")
    private Path directory;

    @Override
    public void run(Context context) throws Failure {
        for (Map.Entry<String, String> page : ManPage.all(context.commands()).entrySet()) {
            Path file = directory.resolve(page.getKey());
            try {
                Files.createDirectories(file.getParent());
                Files.writeString(file, page.getValue());
            } catch (IOException e) {
                throw new Failure(Exit.OPEN, file + ": " + e.getMessage(), "", e);
            }
        }
    }
}
