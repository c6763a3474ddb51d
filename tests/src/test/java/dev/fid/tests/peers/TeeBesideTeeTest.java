package dev.fid.tests.peers;

import dev.fid.kernel.Kernel;
import dev.fid.kernel.Uapi;
import dev.fid.tests.Needs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `fid tee` beside tee(1): modes by inputs by kinds of stdout by outputs. What lies there afterwards, what stdout got
/// and
/// whether it went well is the same, or stands in differs-from-tee.txt, from which the man page has its section. A
/// sample
/// of the cells by a seed; `-Dfid.campaign=long` runs all.
class TeeBesideTeeTest {
    private static final int SAMPLE = 700;
    private static final int SMALL = 3000;
    private static final int LARGE = 300_000;

    private static final List<String> MODES = List.of(
            "",
            "-a",
            "-i",
            "-p",
            "--output-error",
            "--output-error=warn",
            "--output-error=warn-nopipe",
            "--output-error=exit",
            "--output-error=exit-nopipe",
            "-a -p",
            "-a --output-error=exit");

    private enum Input {
        EMPTY,
        SMALL,
        LARGE,
        CLOSED,
        FOLDER
    }

    private enum Stdout {
        FILE,
        FIFO,
        UNREAD_FIFO,
        FULL,
        NULL,
        CLOSED
    }

    /// Names of one letter: n nothing is there, f a file, h one of two names of a file, d a folder, l a link to
    /// a file, x one to nothing, o one to itself, p a FIFO, w a file without write permission, F /dev/full, N
    /// /dev/null, m in a missing folder, s a slash behind a file, i the input, - stdout.
    private static final List<String> OUTPUTS = List.of(
            "", "n", "f", "h", "d", "l", "x", "o", "p", "w", "F", "N", "m", "s", "i", "-", "nf", "ff", "dn", "nd", "Fn",
            "nF", "Ff", "fF", "mp", "Fp", "pF", "oxn", "dFn", "NFp", "n-", "fpl", "fi", "lf");

    /// One of the matrix.
    private record Cell(String mode, Input input, Stdout stdout, String outputs) {
        @Override
        public String toString() {
            return String.join(" | ", mode, input.toString(), stdout.toString(), outputs);
        }
    }

    @TempDir
    Path dir;

    private int number;

    private static List<Cell> cells() {
        List<Cell> all = new ArrayList<>();
        for (String mode : MODES) {
            for (Input input : Input.values()) {
                for (Stdout stdout : Stdout.values()) {
                    for (String outputs : OUTPUTS) {
                        // What grows by what is read from it ends nowhere.
                        boolean feedsItself = outputs.contains("i") && mode.contains("-a") && input != Input.CLOSED;
                        if (!feedsItself) {
                            all.add(new Cell(mode, input, stdout, outputs));
                        }
                    }
                }
            }
        }
        return all;
    }

    @Test
    void bothDoTheSameButForWhatIsListed() throws IOException {
        Needs.programs("tee");
        Judgement judgement = new Judgement("tee");
        try (Commands shell = Commands.ofShell(List.of());
                Commands fid = Commands.ofFid(List.of(), System.getProperty("java.class.path"))) {
            for (Cell cell : judgement.chosen(cells(), _ -> true, SAMPLE)) {
                compare(cell, shell, fid, judgement);
                if (number % 100 == 99) {
                    shell.run(List.of("rm", "-rf", dir + "/tee*", dir + "/fid*"));
                    number++;
                }
            }
        }
        judgement.finish();
    }

    private void compare(Cell cell, Commands shell, Commands fid, Judgement judgement) throws IOException {
        Path one = Files.createDirectory(dir.resolve("tee" + number));
        Path two = Files.createDirectory(dir.resolve("fid" + number++));
        try (Fifos theirs = new Fifos();
                Fifos ours = new Fifos()) {
            scene(one, cell, theirs);
            scene(two, cell, ours);
            Snapshot before = Snapshot.of(two);
            Commands.Ran tee = shell.run(words("cd " + one + "; tee", cell, one, true));
            Commands.Ran our = fid.run(words("-q tee", cell, two, false));
            judgement.judge(
                    cell,
                    Verdict.of(
                            before,
                            tee.status(),
                            Snapshot.of(one, theirs.written()),
                            our.status(),
                            Snapshot.of(two, ours.written())),
                    "{" + tee.err() + "} {" + our.err() + "}");
        }
    }

    // ---- what there is ----

    private static void scene(Path at, Cell cell, Fifos fifos) throws IOException {
        switch (cell.input()) {
            case EMPTY -> Things.file(at.resolve("i"), "", "rw-r--r--");
            case LARGE -> Things.file(at.resolve("i"), "large".repeat(LARGE / 5), "rw-r--r--");
            case SMALL, CLOSED -> Things.file(at.resolve("i"), "small".repeat(SMALL / 5), "rw-r--r--");
            case FOLDER -> Files.createDirectory(at.resolve("i"));
        }
        Things.file(at.resolve("f"), "old f", "rw-------");
        Things.file(at.resolve("h"), "old h", "rw-------");
        Files.createLink(at.resolve("h2"), at.resolve("h"));
        Files.createDirectory(at.resolve("d"));
        Things.link(at.resolve("l"), "f");
        Things.link(at.resolve("x"), "xn");
        Things.link(at.resolve("o"), "o");
        Things.file(at.resolve("w"), "old w", "r--r--r--");
        fifos.make(at.resolve("p"));
        if (cell.stdout() == Stdout.FIFO) {
            fifos.make(at.resolve("out"));
        } else if (cell.stdout() == Stdout.UNREAD_FIFO) {
            Things.check(
                    Kernel.linux().mknodat(Uapi.AT_FDCWD, Things.bytes(at.resolve("out")), Uapi.S_IFIFO | 0600, 0));
        }
    }

    private static List<String> words(String command, Cell cell, Path at, boolean shell) {
        List<String> words = new ArrayList<>(List.of(command.split(" ", -1)));
        if (!cell.mode().isEmpty()) {
            words.addAll(List.of(cell.mode().split(" ", -1)));
        }
        cell.outputs()
                .chars()
                .forEach(letter -> words.add(
                        switch (letter) {
                            case 'F' -> "/dev/full";
                            case 'N' -> "/dev/null";
                            case 'm' -> at + "/no/n";
                            case 's' -> at + "/f/";
                            case '-' -> "-";
                            default -> at + "/" + (char) letter;
                        }));
        words.add(cell.input() == Input.CLOSED ? "<&-" : "<" + at + "/i");
        String out = at + "/out";
        words.add(
                switch (cell.stdout()) {
                    case FILE, FIFO -> ">" + out;
                    case FULL -> ">/dev/full";
                    case NULL -> ">/dev/null";
                    case CLOSED -> ">&-";
                    case UNREAD_FIFO -> shell ? "9<>" + out + " >" + out + " 9>&-" : ">!" + out;
                });
        return words;
    }
}
