package dev.fid.bench.trace;

import dev.fid.bench.measure.Human;
import dev.fid.kernel.Errno;
import dev.fid.model.Ledger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// A walk for a terminal of 80 columns: each call with the kernel functions it passed, what it cost, and the
/// rings, page caches and sockets that changed. Rounds that are alike are told once.
final class TraceText {
    private static final int WIDTH = 80;
    private static final int LABEL = 14;
    private static final int MOST_BOXES = 16;
    private static final int BAR = 64;
    private static final int LEAST_ROUNDS = 3;

    private static final Map<Character, String> LETTERS = letters();

    private final Trace trace;
    private final boolean colors;
    private final StringBuilder text = new StringBuilder();
    private final Map<Character, String> legend = new TreeMap<>();
    private int number;

    TraceText(Trace trace, boolean colors) {
        this.trace = trace;
        this.colors = colors;
    }

    private static Map<Character, String> letters() {
        Map<Character, String> letters = new LinkedHashMap<>();
        letters.put('f', "a page of the input file");
        letters.put('o', "a page of an output file");
        letters.put('w', "a page that write(2) filled");
        letters.put('c', "a page that splice copied into");
        letters.put('s', "memory of a socket");
        letters.put('u', "a page of the program's own memory");
        letters.put('x', "a page that its file has dropped");
        letters.put('z', "the page of zeros");
        return letters;
    }

    String text() {
        title();
        List<List<Step>> lines = lines();
        List<String> keys = lines.stream().map(TraceText::key).toList();
        Step before = null;
        for (Repeats.Stretch stretch : Repeats.of(keys, LEAST_ROUNDS)) {
            for (int i = 0; i < stretch.size(); i++) {
                List<Step> line = lines.get(stretch.from() + i);
                line(line, before);
                before = line.getLast();
            }
            if (stretch.times() > 1) {
                int more = stretch.times() - 1;
                number += numbers(lines.subList(
                        stretch.from() + stretch.size(), stretch.from() + stretch.size() * stretch.times()));
                line(
                        "     ",
                        dim("... " + more + (more == 1 ? " more round" : " more rounds") + " like "
                                + (stretch.size() > 1 ? "these" : "this one")));
                before = lines.get(stretch.from() + stretch.size() * stretch.times() - 1)
                        .getLast();
                text.append('\n');
            }
        }
        if (!text.toString().endsWith("\n\n")) {
            text.append('\n');
        }
        legend.forEach((letter, what) -> line("  " + letter + "  ", dim(what)));
        if (!legend.isEmpty()) {
            text.append('\n');
        }
        bill();
        return text.toString();
    }

    private void title() {
        String outs = trace.outs().stream().map(Place::toString).collect(Collectors.joining(" and "));
        String moved = Human.bytes(trace.length()) + ", by " + trace.method();
        line("", trace.in() + " to " + outs + ", " + moved + ", on the model of " + kernel());
        trace.notes().forEach(note -> line("  ", note));
        text.append('\n');
    }

    private String kernel() {
        return switch (trace.profile()) {
            case LINUX_2_6 -> "Linux 2.6";
            case LINUX_6_18 -> "Linux 6.18";
            case LINUX_COPYING -> "a copying Linux";
        };
    }

    // ---- lines ----

    /// Calls that matter alone, others in groups.
    private List<List<Step>> lines() {
        List<List<Step>> lines = new ArrayList<>();
        List<Step> others = new ArrayList<>();
        for (Step step : trace.steps()) {
            if (step.matters()) {
                if (!others.isEmpty()) {
                    lines.add(others);
                    others = new ArrayList<>();
                }
                lines.add(List.of(step));
            } else {
                others.add(step);
            }
        }
        if (!others.isEmpty()) {
            lines.add(others);
        }
        return lines;
    }

    private static String key(List<Step> line) {
        return line.stream().map(Step::likeness).collect(Collectors.joining("\n"));
    }

    private static int numbers(List<List<Step>> lines) {
        return (int) lines.stream().filter(line -> line.getFirst().matters()).count();
    }

    private void line(List<Step> line, @Nullable Step before) {
        if (!line.getFirst().matters()) {
            Map<String, Integer> counts = new LinkedHashMap<>();
            line.forEach(step -> counts.merge(step.call(), 1, Integer::sum));
            String calls = counts.entrySet().stream()
                    .map(call -> call.getKey() + (call.getValue() > 1 ? " x" + call.getValue() : ""))
                    .collect(Collectors.joining(", "));
            line("     ", dim(calls));
            return;
        }
        number++;
        Step step = line.getFirst();
        String who = step.actor() == Step.Actor.PROGRAM ? "" : "(" + step.actor() + ") ";
        String index = Integer.toString(number);
        line(
                " ".repeat(Math.max(0, 3 - index.length())) + index + "  ",
                who + bold(step.call()) + "(" + step.arguments() + ") = " + result(step)
                        + (step.call().equals("poll") ? ", a wait" : ""));
        if (step.moves()) {
            List<String> functions = step.functions();
            if (functions.size() > 1) {
                List<String> folded = Repeats.folded(functions.subList(1, functions.size()));
                labelled("kernel", dim(String.join(", ", folded)));
            }
            labelled("cost", cost(step.bill()));
        }
        held(step, before);
        if (step.moves()) {
            text.append('\n');
        }
    }

    /// What changed in the kernel.
    private void held(Step step, @Nullable Step before) {
        for (Step.Store store : step.stores()) {
            boolean known = before != null && before.stores().stream().anyMatch(store::looksLike);
            if (before == null ? store.cached() > 0 : !known) {
                store(store);
            }
        }
        for (Step.Ring ring : step.rings()) {
            if (before == null || !before.rings().contains(ring)) {
                ring(ring);
            }
        }
        for (Step.Queue queue : step.queues()) {
            if (before == null ? queue.bytes() > 0 : !before.queues().contains(queue)) {
                queue(queue);
            }
        }
    }

    private static String result(Step step) {
        long result = step.result();
        return result >= 0
                ? step.call().equals("mmap") ? "an address" : Long.toString(result)
                : "-" + Errno.name((int) -result) + " (" + Errno.text((int) -result) + ")";
    }

    private static String cost(Ledger.Bill bill) {
        List<String> words = new ArrayList<>();
        word(words, bill.copiedToUser(), "byte", "copied to user memory");
        word(words, bill.copiedFromUser(), "byte", "copied from user memory");
        word(words, bill.copiedInside(), "byte", "copied in the kernel");
        word(words, bill.copiedByUser(), "byte", "copied by the program itself");
        if (words.isEmpty()) {
            words.add("no copy");
        }
        word(words, bill.referencesTaken(), "reference", "taken");
        word(words, bill.referencesDropped(), "reference", "dropped");
        word(words, bill.pagesRead(), "page", "read from disk");
        return String.join(", ", words);
    }

    private static void word(List<String> words, long count, String noun, String what) {
        if (count > 0) {
            words.add(counted(count, noun) + " " + what);
        }
    }

    private static String counted(long count, String noun) {
        return count + " " + noun + (count == 1 ? "" : "s");
    }

    // ---- what the kernel holds ----

    private void store(Step.Store store) {
        labelled(
                store.name(),
                counted(store.cached(), "page") + " cached"
                        + (store.held() > 0 ? ", " + store.held() + " of them held by others, too" : "")
                        + (store.dirty() > 0 ? ", " + store.dirty() + " newer than the disk" : ""));
    }

    private void queue(Step.Queue queue) {
        String pages = queue.pages().isEmpty()
                ? ""
                : ", in " + counted(queue.pages().size(), "page") + ": " + runs(queue.pages());
        labelled(
                queue.name(),
                queue.bytes() == 0 ? "nothing waits to be read" : queue.bytes() + " bytes wait to be read" + pages);
    }

    private void ring(Step.Ring ring) {
        if (ring.used().isEmpty()) {
            labelled(ring.name(), "empty, " + ring.slots() + " slots");
            return;
        }
        if (ring.slots() <= MOST_BOXES) {
            boxes(ring);
        } else {
            bar(ring);
        }
        List<String> words = new ArrayList<>();
        List<String> keys = ring.used().stream()
                .map(slot -> counted(slot.len(), "byte")
                        + (slot.offset() > 0 ? " from byte " + slot.offset() : "") + ", "
                        + counted(slot.references(), "reference")
                        + (slot.gift() ? ", gift" : ""))
                .toList();
        for (int from = 0; from < keys.size(); ) {
            int to = from;
            while (to < keys.size() && keys.get(to).equals(keys.get(from))) {
                to++;
            }
            String pages = runs(
                    ring.used().subList(from, to).stream().map(Step.Slot::page).toList());
            words.add(pages + ": " + keys.get(from) + (to - from > 1 ? " each" : ""));
            from = to;
        }
        if (words.size() > 4) {
            int left = words.size() - 3;
            words = new ArrayList<>(words.subList(0, 3));
            words.add("... " + left + " more");
        }
        String mark = ring.slots() <= MOST_BOXES ? "" : " (one mark is " + ring.slots() / BAR + ")";
        String slots = ring.used().size() + " of " + ring.slots() + " slots" + mark + ", " + ring.buffered() + " bytes";
        labelled("", slots + (words.isEmpty() ? "" : "; " + String.join("; ", words)));
    }

    /// Each slot a box; `t` is the tail, where reading goes on, `h` the head, where writing does.
    private void boxes(Step.Ring ring) {
        int slots = ring.slots();
        int tail = ring.tail() & slots - 1;
        int head = ring.head() & slots - 1;
        String[] inside = new String[slots];
        java.util.Arrays.fill(inside, "   ");
        for (int i = 0; i < ring.used().size(); i++) {
            inside[(ring.tail() + i) & slots - 1] = cell(ring.used().get(i).page());
        }
        StringBuilder bottom = new StringBuilder("└");
        for (int i = 0; i < slots; i++) {
            boolean t = i == tail;
            boolean h = i == head;
            bottom.append(t && h ? bold("t") + "─" + bold("h") : t ? bold("t") + "──" : h ? bold("h") + "──" : "───");
            bottom.append(i + 1 == slots ? "┘" : "┴");
        }
        labelled(ring.name(), "┌" + "───┬".repeat(slots - 1) + "───┐");
        StringBuilder middle = new StringBuilder("│");
        for (String cell : inside) {
            middle.append(cell.isBlank() ? cell : cyan(cell)).append("│");
        }
        labelled("", middle.toString());
        labelled("", bottom.toString());
    }

    private static String cell(String page) {
        String shown = page.length() <= 3 ? page : page.length() == 4 ? page.substring(1) : page.substring(0, 1);
        return shown.length() == 1 ? " " + shown + " " : shown.length() == 2 ? " " + shown : shown;
    }

    /// A large ring: one mark for several slots.
    private void bar(Step.Ring ring) {
        int each = ring.slots() / BAR;
        StringBuilder bar = new StringBuilder();
        for (int mark = 0; mark < BAR; mark++) {
            int used = 0;
            for (int i = 0; i < ring.used().size(); i++) {
                used += ((ring.tail() + i) & ring.slots() - 1) / Math.max(1, each) == mark ? 1 : 0;
            }
            bar.append(used == 0 ? '·' : used == each ? '█' : '▌');
        }
        labelled(ring.name(), cyan(bar.toString()));
    }

    /// Pages in short: `f0-f15, z, f17`.
    private String runs(List<String> pages) {
        List<String> runs = new ArrayList<>();
        for (int from = 0; from < pages.size(); ) {
            int to = from + 1;
            while (to < pages.size() && follows(pages.get(to - 1), pages.get(to))) {
                to++;
            }
            runs.add(to - from == 1 ? pages.get(from) : pages.get(from) + "-" + pages.get(to - 1));
            char letter = pages.get(from).charAt(0);
            String what = LETTERS.get(letter);
            if (what != null) {
                legend.put(letter, what);
            }
            from = to;
        }
        if (runs.size() > 6) {
            int left = runs.size() - 5;
            runs = new ArrayList<>(runs.subList(0, 5));
            runs.add("... " + left + " more");
        }
        return String.join(", ", runs);
    }

    private static boolean follows(String page, String next) {
        return page.charAt(0) == next.charAt(0)
                && page.length() > 1
                && next.length() > 1
                && Long.parseLong(page.substring(1)) + 1 == Long.parseLong(next.substring(1));
    }

    // ---- the bill ----

    private void bill() {
        String plain = trace.in() == Place.MEMORY ? "write" : "read/write";
        text.append(row(bold("the bill"), "this way", plain));
        row("bytes copied by the CPU", Ledger.Bill::copied);
        row("  to user memory", Ledger.Bill::copiedToUser);
        row("  from user memory", Ledger.Bill::copiedFromUser);
        row("  in the kernel", Ledger.Bill::copiedInside);
        row("  by the program itself", Ledger.Bill::copiedByUser);
        row("page references taken", Ledger.Bill::referencesTaken);
        row("page references dropped", Ledger.Bill::referencesDropped);
        row("pages read from disk", Ledger.Bill::pagesRead);
        row("system calls", Ledger.Bill::calls);
        row("mode switches", Ledger.Bill::modeSwitches);
    }

    private void row(String name, ToLongFunction<Ledger.Bill> value) {
        long own = value.applyAsLong(trace.bill());
        long plain = value.applyAsLong(trace.plain());
        if (own != 0 || plain != 0 || !name.startsWith(" ")) {
            text.append(row(name, Human.files(own), Human.files(plain)));
        }
    }

    private static String row(String name, String own, String plain) {
        return name + " ".repeat(Math.max(1, 44 - visible(name) - own.length())) + own
                + " ".repeat(Math.max(1, 16 - plain.length())) + plain + "\n";
    }

    // ---- form ----

    private void labelled(String label, String what) {
        line("   " + label + " ".repeat(Math.max(1, LABEL - label.length() - 3)), what);
    }

    /// One line, or several where it is too long, each as far in as the first.
    private void line(String start, String what) {
        int room = WIDTH - start.length();
        StringBuilder line = new StringBuilder(start);
        int used = 0;
        for (String word : what.split(" ", -1)) {
            int length = visible(word);
            if (used > 0 && used + 1 + length > room) {
                text.append(line).append('\n');
                line = new StringBuilder(" ".repeat(start.length()));
                used = 0;
            }
            line.append(used > 0 ? " " : "").append(word);
            used += (used > 0 ? 1 : 0) + length;
        }
        text.append(line.toString().stripTrailing()).append('\n');
    }

    private static int visible(String text) {
        return text.replaceAll("\033\\[[0-9;]*m", "").length();
    }

    private String bold(String what) {
        return colors ? "\033[1m" + what + "\033[0m" : what;
    }

    private String dim(String what) {
        return colors ? "\033[2m" + what + "\033[0m" : what;
    }

    private String cyan(String what) {
        return colors ? "\033[36m" + what + "\033[0m" : what;
    }
}
