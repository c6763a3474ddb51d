package dev.fid.cli;

import dev.fid.cli.base.Exit;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// What the build runs once, so that the JVM's AOT cache has the classes of the usual commands.
final class Training {
    private Training() {}

    /// Runs them.
    ///
    /// @param args a directory of small files, and one that does not exist yet
    public static void main(String[] args) throws IOException {
        Path in = Path.of(args[0]);
        Path out = Files.createDirectories(Path.of(args[1]));
        Path file = Files.writeString(out.resolve("file"), "bytes");
        String copy = out.resolve("copy").toString();
        for (List<String> words : List.of(
                List.of("copy", "-r", in.toString(), out.resolve("tree").toString()),
                List.of("copy", file.toString(), copy),
                List.of("tee", "--no-stdout", "--from", file.toString(), copy),
                List.of("explain", file.toString(), copy),
                List.of("copy", "--help"),
                List.of("version"))) {
            int exit = Main.run(
                    words.toArray(String[]::new), OutputStream.nullOutputStream(), OutputStream.nullOutputStream());
            if (exit != Exit.DONE) {
                throw new IOException("fid " + String.join(" ", words) + ": exit code " + exit);
            }
        }
    }
}
