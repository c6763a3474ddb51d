package dev.fid.tests.peers;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fid.tests.cli.Sandbox;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;

/// Command lines for cp(1) and `fid copy`, each in a folder of its own: what lies there in the end, and whether it went
/// well.
abstract class BesideCp {
    @TempDir
    Path dir;

    /// Runs each case with both.
    ///
    /// @param scene shell commands that make a folder's content
    /// @param cases options and names in the folder
    /// @return what only one of both left
    List<String> differences(String scene, List<String> cases) throws IOException {
        List<String> different = new ArrayList<>();
        String classPath = Commands.readable(Sandbox.classPath(), dir.resolve("lib"));
        List<String> inTheirs = in("cp");
        List<String> inOurs = in("fid");
        try (Commands cp = Commands.ofShell(inTheirs);
                Commands shell = Commands.ofShell(inOurs);
                Commands fid = Commands.ofFid(inOurs, classPath)) {
            for (int i = 0; i < cases.size(); i++) {
                String each = cases.get(i);
                make(cp, i, scene);
                make(shell, i, scene);
                String links = each.startsWith("-r") ? "--preserve=links" : "";
                Commands.Ran theirs = cp.run(words(List.of("cp", links), i, each));
                Commands.Ran ours = fid.run(words(List.of("-q", "copy"), i, each));
                List<String> one = state(cp, i);
                List<String> two = state(shell, i);
                if (!one.equals(two) || (theirs.status() == 0) != (ours.status() == 0)) {
                    List<String> onlyTheirs = new ArrayList<>(one);
                    onlyTheirs.removeAll(two);
                    two.removeAll(one);
                    different.add(each + ": cp " + onlyTheirs + ", fid " + two + " {" + theirs.err() + "} {"
                            + ours.err() + "}");
                }
            }
        }
        return different;
    }

    private List<String> in(String folder) throws IOException {
        return List.of("env", "-C", Files.createDirectory(dir.resolve(folder)).toString());
    }

    private static void make(Commands shell, int number, String scene) throws IOException {
        Commands.Ran made = shell.run(List.of("mkdir", number + "", "&&", "cd", number + "", "&&", scene));
        assertThat(made.status()).as(made.err()).isZero();
    }

    private static List<String> state(Commands shell, int number) throws IOException {
        String said = shell.run(List.of("cd " + number
                        + "; find . -printf '%p_%y_%m_%n_%l\\n' | sort; grep -H . $(find . -type f | sort)"))
                .err();
        return new ArrayList<>(List.of(said.split(" ")));
    }

    /// All but options and the suffix are names in the folder.
    private static List<String> words(List<String> command, int folder, String text) {
        List<String> words = new ArrayList<>(command);
        boolean suffix = false;
        for (String each : text.split(" ", -1)) {
            words.add(each.startsWith("-") || suffix ? each : folder + "/" + each);
            suffix = each.equals("-S");
        }
        return words;
    }
}
