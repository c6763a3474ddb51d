package dev.fid.cli.probe;

import dev.fid.cli.base.Lines;
import dev.fid.probe.AliasProbe;
import dev.fid.probe.Capability;
import dev.fid.probe.KernelBug;
import dev.fid.probe.KernelRelease;
import dev.fid.probe.Probe;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/// What a probe found, as text of some width.
final class ProbeReport {
    private static final int NAME = 24;

    private final Probe probe;
    private final int width;
    private final boolean verbose;
    private final boolean colors;

    ProbeReport(Probe probe, int width, boolean verbose, boolean colors) {
        this.probe = probe;
        this.width = width;
        this.verbose = verbose;
        this.colors = colors;
    }

    String text() {
        StringBuilder text = new StringBuilder();
        text.append(Lines.wrap(
                "Linux " + kernel(probe.kernel()) + ", " + System.getProperty("os.arch") + ", Java "
                        + Runtime.version(),
                width,
                "  "));
        title(text, "Matrix");
        text.append(MatrixTable.summary(probe.matrix(), width));
        title(text, "Is a spliced page a reference or a copy?");
        for (AliasProbe canary : probe.canaries()) {
            text.append(Lines.wrap(canary.file().label() + ": " + sights(canary), width, "  "));
        }
        text.append(Lines.wrap("memory: by vmsplice " + sight(probe.memory()), width, "  "));
        title(text, "This machine and this process");
        for (Capability capability : probe.capabilities()) {
            row(text, capability, width, verbose);
        }
        title(text, "Known bugs of this kernel's version");
        bugs(text);
        if (!verbose) {
            text.append(Lines.wrap(
                    "fid probe -v says how each was tested, fid probe --matrix all has the errnos.", width, ""));
        }
        return text.toString();
    }

    private static String kernel(KernelRelease release) {
        String upstream = release.major() + "." + release.minor() + (release.patch() < 0 ? "" : "." + release.patch());
        return release.vendor().isEmpty() || !release.known()
                ? release.toString()
                : release + " (built by " + release.vendor() + ", upstream " + upstream + ")";
    }

    private void title(StringBuilder text, String title) {
        text.append('\n').append(colors ? "\033[1m" + title + "\033[0m" : title).append('\n');
    }

    private static String sights(AliasProbe canary) {
        if (canary.splice().equals(canary.tee()) && canary.tee().equals(canary.sendfile())) {
            return sight(canary.splice()) + ", by splice, tee and sendfile to TCP";
        }
        return "by splice " + sight(canary.splice()) + ", by tee " + sight(canary.tee()) + ", by sendfile to TCP "
                + sight(canary.sendfile());
    }

    private static String sight(AliasProbe.Sight sight) {
        return switch (sight.outcome()) {
            case ALIAS -> "a reference";
            case COPY -> "a copy";
            case REFUSED -> "refused (" + sight.reason() + ")";
            case UNKNOWN -> "unknown (" + sight.reason() + ")";
        };
    }

    /// A line with the state, the name and the value; below it what to do, and how it was tested where `how` is asked
    /// for or nothing else says why it is not known.
    static void row(StringBuilder text, Capability capability, int width, boolean how) {
        String name = capability.name();
        String line = (state(capability.state()) + " ".repeat(8)).substring(0, 8)
                + name
                + " ".repeat(Math.max(1, NAME - name.length()))
                + capability.value();
        text.append(Lines.wrap(line.stripTrailing(), width, "          "));
        boolean says = how || capability.state() == Capability.State.UNKNOWN;
        if (says && !capability.how().isEmpty()) {
            text.append(Lines.wrap("          " + capability.how(), width, "          "));
        }
        boolean asks =
                how || capability.state() == Capability.State.NO || capability.state() == Capability.State.LIMITED;
        if (asks && !capability.advice().isEmpty()) {
            text.append(Lines.wrap("          " + capability.advice(), width, "          "));
        }
    }

    private static String state(Capability.State state) {
        return state.name().toLowerCase(Locale.ROOT);
    }

    private void bugs(StringBuilder text) {
        int absent = 0;
        Map<String, String> ids = new LinkedHashMap<>(); // those that share a line
        Map<String, Probe.Finding> findings = new LinkedHashMap<>();
        for (Probe.Finding finding : probe.bugs()) {
            if (finding.verdict() == KernelBug.Verdict.ABSENT && !verbose) {
                absent++;
                continue;
            }
            String line = finding.verdict() + finding.bug().name();
            ids.merge(line, finding.bug().id(), (one, other) -> one + ", " + other);
            findings.putIfAbsent(line, finding);
        }
        findings.forEach((line, finding) ->
                text.append(Lines.wrap(bug(finding, ids.getOrDefault(line, "")), width, "        ")));
        if (absent > 0) {
            text.append(Lines.wrap("absent  " + absent + " more, by the number of the version", width, "        "));
        }
    }

    private static String bug(Probe.Finding finding, String ids) {
        KernelBug bug = finding.bug();
        String line = (finding.verdict().name().toLowerCase(Locale.ROOT) + "    ").substring(0, 8) + bug.name() + " ("
                + ids + "): " + bug.what() + "; fixed in " + bug.fixedIn();
        return switch (finding.verdict()) {
            case ABSENT -> line;
            case MAYBE -> line + "; may be fixed by your distribution; else " + bug.advice();
            case PRESENT, UNKNOWN -> line + "; " + bug.advice();
        };
    }
}
