package dev.fid.cli.copy;

import dev.fid.cli.base.Failure;
import dev.fid.cli.option.AttachedValue;
import dev.fid.files.Tree;
import dev.fid.kernel.Name;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// What cp(1) has for what is replaced.
public final class BackupOptions {
    private static final String CONTROL = "VERSION_CONTROL";
    private static final String SUFFIX = "SIMPLE_BACKUP_SUFFIX";

    private static final Map<String, Tree.Backup> WORDS = Map.of(
            "none", Tree.Backup.NONE,
            "off", Tree.Backup.NONE,
            "simple", Tree.Backup.SIMPLE,
            "never", Tree.Backup.SIMPLE,
            "existing", Tree.Backup.EXISTING,
            "nil", Tree.Backup.EXISTING,
            "numbered", Tree.Backup.NUMBERED,
            "t", Tree.Backup.NUMBERED);

    /// What the shell completes.
    static final class Controls extends ArrayList<String> {
        private static final long serialVersionUID = 1;

        Controls() {
            super(List.of("none", "simple", "existing", "numbered"));
        }
    }

    /// In `--backup t d` the file `t` is a source.
    static final class Control extends AttachedValue {
        Control() {
            super("");
        }
    }

    @Option(
            names = "--backup",
            preprocessor = Control.class,
            paramLabel = "CONTROL",
            arity = "0..1",
            fallbackValue = "",
            completionCandidates = Controls.class,
            description =
                    "What is replaced keeps a name: simple, NAME~; numbered, NAME.~1~; existing, numbered where it"
                            + " has such names; none. Default: existing.")
    private @Nullable String control;

    @Option(
            names = {"-S", "--suffix"},
            paramLabel = "SUFFIX",
            description = "With --backup, which it implies: instead of ~.")
    private @Nullable String suffix;

    /// Whether it was asked for, though perhaps with `none`.
    public boolean isGiven() {
        return control != null || suffix != null;
    }

    /// Which name what is replaced keeps.
    public Tree.Backup backup(Map<String, String> environment) throws Failure {
        if (!isGiven()) {
            return Tree.Backup.NONE;
        }
        String named = control;
        if (named != null && !named.isEmpty()) {
            return backup(named, "--backup");
        }
        String usual = environment.getOrDefault(CONTROL, "");
        return usual.isEmpty() ? Tree.Backup.EXISTING : backup(usual, CONTROL);
    }

    /// A word, or the beginning of one that can mean only one thing, as cp(1) takes it.
    private static Tree.Backup backup(String word, String where) throws Failure {
        Tree.Backup exact = WORDS.get(word);
        if (exact != null) {
            return exact;
        }
        Set<Tree.Backup> meant = new HashSet<>();
        WORDS.forEach((each, backup) -> {
            if (each.startsWith(word)) {
                meant.add(backup);
            }
        });
        if (meant.size() == 1) {
            return meant.iterator().next();
        }
        throw Failure.usage(where + ": none, simple, existing or numbered, not " + Name.shown(word));
    }

    /// Behind names without a number. What is no part of a name is not taken, as with cp(1).
    public Name suffix(Map<String, String> environment) {
        String text = suffix != null ? suffix : environment.getOrDefault(SUFFIX, "");
        return Name.of(text.isEmpty() || text.contains("/") ? "~" : text);
    }
}
