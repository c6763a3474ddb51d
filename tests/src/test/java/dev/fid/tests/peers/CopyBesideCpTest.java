package dev.fid.tests.peers;

import dev.fid.kernel.Kernel;
import dev.fid.tests.cli.Sandbox;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `fid copy` beside cp(1): each kind of source onto each kind of destination, with the options that both have. What
/// lies there afterwards and whether it went well is the same, or stands in differs-from-cp.txt, from which the man
/// page has its section. A sample of the cells by a seed; `-Dfid.campaign=long` runs all.
class CopyBesideCpTest {
    private static final int SAMPLE = 1200;
    private static final int NOBODY = 65534;

    /// By our words, theirs.
    private static final Map<String, String> OPTIONS = options();

    private static Map<String, String> options() {
        Map<String, String> all = new LinkedHashMap<>();
        for (String same : List.of("", "-T", "-L", "-H", "-u", "-l", "--attributes-only", "--preserve=mode")) {
            all.put(same, same);
        }
        // Hard links stay hard links, and links stay links: cp has that, too, where it is asked.
        for (String same : List.of("-r", "-r -T", "-r -L", "-r -H", "-r -L -T", "-r -H -T", "-r -u", "-r -x")) {
            all.put(same, same + " --preserve=links");
        }
        all.put("-r -l", "-r -l -P");
        all.put("-r -l -L", "-r -l -L");
        all.put("-r -l -H", "-r -l -H");
        all.put("-r --attributes-only", "-r --attributes-only");
        all.put("--no-clobber", "-n");
        all.put("-r --no-clobber", "-r -n --preserve=links");
        all.put("--in-place", "");
        all.put("-r --in-place", "-r --preserve=links");
        all.put("-r --preserve=all", "-a");
        all.put("-r -L --preserve=all", "-a -L");
        all.put("-r --no-preserve=links", "-r");
        return all;
    }

    /// With these the names have slashes at the end, too.
    private static final List<String> SLASHES =
            List.of("", "-r", "-T", "-r -T", "-r -L", "-r -L -T", "-r -H", "-u", "--in-place");

    /// One of the matrix.
    private record Cell(
            String options, Scene.Source source, String slash, Scene.Target target, String slashOut, boolean root) {
        @Override
        public String toString() {
            return String.join(" | ", options, source + slash, target + slashOut, root ? "root" : "nobody");
        }

        /// Where cp goes round in circles until a path is too long.
        boolean isLong() {
            return options.matches(".*-[Ll].*") && (source + "" + target).contains("LINK_TO_");
        }

        /// Would wait for a writer.
        boolean waits() {
            boolean reads = !options.contains("-r") && !options.contains("-l");
            return reads && source == Scene.Source.FIFO;
        }
    }

    @TempDir
    Path dir;

    private int number;

    private static List<Cell> cells() {
        List<Cell> all = new ArrayList<>();
        for (boolean root : new boolean[] {true, false}) {
            for (String options : OPTIONS.keySet()) {
                for (Scene.Source source : Scene.Source.values()) {
                    for (Scene.Target target : Scene.Target.values()) {
                        int spellings = SLASHES.contains(options) ? 4 : 1;
                        for (int slashes = 0; slashes < spellings; slashes++) {
                            String in = (slashes & 1) != 0 ? "/" : "";
                            String out = (slashes & 2) != 0 ? "/" : "";
                            Cell cell = new Cell(options, source, in, target, out, root);
                            if (!cell.waits()) {
                                all.add(cell);
                            }
                        }
                    }
                }
            }
        }
        return all;
    }

    @Test
    void bothDoTheSameButForWhatIsListed() throws IOException {
        List<String> nobody = Commands.nobody();
        Judgement judgement = new Judgement("cp");
        List<Cell> cells = judgement.chosen(cells(), cell -> !cell.isLong(), SAMPLE);
        Files.setPosixFilePermissions(dir, PosixFilePermissions.fromString("rwxr-xr-x"));
        String classPath = Commands.readable(Sandbox.classPath(), Files.createDirectory(dir.resolve("lib")));
        try (Commands cleaning = Commands.ofShell(List.of())) {
            for (boolean root : new boolean[] {true, false}) {
                List<String> who = root ? List.of() : nobody;
                try (Commands cp = Commands.ofShell(who);
                        Commands fid = Commands.ofFid(who, classPath)) {
                    for (Cell cell : cells) {
                        if (cell.root() == root) {
                            compare(cell, cp, fid, judgement);
                        }
                        if (number % 100 == 99) {
                            clean(cleaning);
                        }
                    }
                }
            }
            clean(cleaning);
        }
        judgement.finish();
    }

    private void clean(Commands shell) throws IOException {
        shell.run(List.of("rm", "-rf", dir + "/cp*", dir + "/fid*"));
        number++;
    }

    private void compare(Cell cell, Commands shell, Commands fid, Judgement judgement) throws IOException {
        int owner = cell.root() ? Kernel.linux().geteuid() : NOBODY;
        Path one = dir.resolve("cp" + number);
        Path two = dir.resolve("fid" + number++);
        try (Scene theirs = Scene.at(one, cell.source(), cell.target(), owner);
                Scene ours = Scene.at(two, cell.source(), cell.target(), owner)) {
            Snapshot before = Snapshot.of(two);
            Commands.Ran cp = shell.run(words(List.of("cp"), theirOptions(cell), one, theirs, cell));
            Commands.Ran copy = fid.run(words(List.of("-q", "copy"), cell.options(), two, ours, cell));
            Snapshot withCp = Snapshot.of(one, theirs.written());
            Snapshot withFid = Snapshot.of(two, ours.written());
            judgement.judge(
                    cell,
                    Verdict.of(before, cp.status(), withCp, copy.status(), withFid),
                    "{" + cp.err() + "} {" + copy.err() + "}");
        }
    }

    /// Where a file may not be written to, fid does what cp does with -f: it is replaced.
    private static String theirOptions(Cell cell) {
        String theirs = Objects.requireNonNull(OPTIONS.get(cell.options()));
        boolean readOnly = cell.target() == Scene.Target.READ_ONLY
                && !cell.options().matches(".*(--in-place|--attributes-only|-l).*");
        if (cell.options().contains("--in-place") && cell.target() == Scene.Target.HARD_LINK) {
            return theirs.replace("--preserve=links", ""); // which would write into a new file
        }
        return readOnly ? theirs + " -f" : theirs;
    }

    private static List<String> words(List<String> command, String options, Path at, Scene scene, Cell cell) {
        List<String> words = new ArrayList<>(command);
        List.of(options.split(" ", -1)).stream().filter(each -> !each.isEmpty()).forEach(words::add);
        words.add(at + "/" + scene.source() + cell.slash());
        words.add(at + "/" + scene.target() + cell.slashOut());
        return words;
    }
}
