package dev.fid.tests.peers;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fid.tests.cli.Sandbox;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `fid copy --backup` beside cp(1): the same names, contents, links and modes in the end.
class BackupBesideCpTest {
    /// Names and contents that `--backup` finds: `n` is new, `o` is old and has backups of both kinds.
    private static final String SCENE =
            "umask 022; mkdir s s/sub d d/s d/s/sub old; echo new >n; echo new >s/f; echo new >s/sub/g;"
                    + " ln -s f s/l; ln s/f s/h; printf . >d/n; echo old >d/s/f; echo old >d/s/sub/g; echo old >d/s/l;"
                    + " echo old >d/s/h; echo old >o; chmod 600 o d/s/f; echo older >o~; echo old >p; echo 3 >p.~3~; echo 0 >p.~03~;"
                    + " echo x >p.~x~; echo to >to; ln -s to link; ln -s nothing dangling; mkfifo fifo; echo old >old/n; ln n hard;"
                    + " mkdir e; echo 2 >e/n; ";

    private static final List<String> CASES = List.of(
            "--backup n o",
            "--backup n p",
            "--backup n missing",
            "--backup=simple n p",
            "--backup=never n o",
            "--backup=numbered n o",
            "--backup=t n p",
            "--backup=existing n o",
            "--backup=nil n p",
            "--backup=num n p",
            "--backup=none n o",
            "--backup=off n o",
            "-S .bak n o",
            "--suffix=.bak --backup=simple n o",
            "--suffix=a/b n o",
            "--suffix= n o",
            "--backup n link",
            "--backup n dangling",
            "--backup n fifo",
            "--backup=simple o~ o",
            "--backup=simple p.~3~ p",
            "--backup=simple -S .~3~ p.~3~ p",
            "--backup n n",
            "--backup n d",
            "--backup n e/n d",
            "--backup=numbered n e/n d",
            "--backup n to d",
            "-T --backup n d",
            "-l --backup n o",
            "-l --backup=numbered n p",
            "-u --backup n o",
            "-r --backup s d",
            "-r --backup=numbered s d",
            "-r --backup s/f o",
            "-r --backup s/l o",
            "-r -L --backup s d",
            "--preserve=mode --backup n o",
            "--backup old/n old");

    @TempDir
    Path dir;

    private int number;

    @Test
    void bothLeaveTheSame() throws IOException {
        List<String> different = new ArrayList<>();
        String classPath = Commands.readable(Sandbox.classPath(), dir.resolve("lib"));
        try (Commands shell = Commands.ofShell(List.of());
                Commands fid = Commands.ofFid(List.of(), classPath)) {
            for (String each : CASES) {
                Path one = scene(shell);
                Path two = scene(shell);
                String theirOptions = each.startsWith("-r") ? "cp --preserve=links" : "cp";
                Commands.Ran cp = shell.run(words(List.of(theirOptions), one, each));
                Commands.Ran copy = fid.run(words(List.of("-q", "copy"), two, each));
                String theirs = (cp.status() == 0) + " " + state(shell, one);
                String ours = (copy.status() == 0) + " " + state(shell, two);
                if (!theirs.equals(ours)) {
                    different.add(each + ": " + difference(theirs, ours) + " {" + cp.err() + "} {" + copy.err() + "}");
                }
            }
        }
        assertThat(different).isEmpty();
    }

    /// What only one of them has.
    private static String difference(String theirs, String ours) {
        List<String> one = new ArrayList<>(List.of(theirs.split(" ")));
        List<String> two = new ArrayList<>(List.of(ours.split(" ")));
        one.removeAll(List.of(ours.split(" ")));
        two.removeAll(List.of(theirs.split(" ")));
        return "cp " + one + ", fid " + two;
    }

    private Path scene(Commands shell) throws IOException {
        Path at = dir.resolve("scene" + number++);
        Commands.Ran made = shell.run(List.of("mkdir", at.toString(), "&&", "cd", at.toString(), "&&", SCENE));
        assertThat(made.status()).as(made.err()).isZero();
        return at;
    }

    private static String state(Commands shell, Path at) throws IOException {
        return shell.run(List.of(
                        "cd " + at + "; find . -printf '%p_%y_%m_%n_%l\\n' | sort; grep -H . $(find . -type f | sort)"))
                .err();
    }

    /// All but options and the suffix are names in `at`.
    private static List<String> words(List<String> command, Path at, String text) {
        List<String> words = new ArrayList<>(command);
        boolean suffix = false;
        for (String each : text.split(" ", -1)) {
            words.add(each.startsWith("-") || suffix ? each : at + "/" + each);
            suffix = each.equals("-S");
        }
        return words;
    }
}
