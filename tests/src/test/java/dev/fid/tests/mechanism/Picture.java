package dev.fid.tests.mechanism;

import dev.fid.bench.trace.Place;
import dev.fid.bench.trace.Step;
import dev.fid.bench.trace.Trace;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// An SVG of a walk: a panel for each step, with the pages and who refers to them, as the model had them then.
/// References are dashed lines, copies thick arrows. It is readable on light and on dark ground.
final class Picture {
    private static final int WIDTH = 868;
    private static final int LEFT = 150;
    private static final int CELL = 42;
    private static final int BOX = 38;
    private static final int TALL = 34;
    private static final int LANE = 92;
    private static final int SHOWN = 16;

    private static final String STYLE = """
          <style>
            text { font: 13px sans-serif; fill: #1f2328 }
            .small { font-size: 11px; fill: #59636e }
            .call { font: bold 13px monospace }
            .cell { text-anchor: middle }
            .box { fill: #ffffff; stroke: #8c959f; stroke-width: 1 }
            .none { fill: none; stroke: #8c959f; stroke-dasharray: 3 3 }
            .page { fill: #ddf4ff; stroke: #0969da; stroke-width: 2 }
            .own { fill: #fff8c5; stroke: #9a6700; stroke-width: 2 }
            .new { fill: #ffebe9; stroke: #cf222e; stroke-width: 2 }
            .ref { stroke: #0969da; stroke-width: 1.5; fill: none; stroke-dasharray: 5 4 }
            .copy { stroke: #cf222e; stroke-width: 2.5; fill: none; marker-end: url(#copy) }
            .line { stroke: #8c959f; fill: none }
            .ground { fill: #f6f8fa }
            #copy path { fill: #cf222e }
            @media (prefers-color-scheme: dark) {
              text { fill: #e6edf3 } .small { fill: #9198a1 }
              .box { fill: #0d1117; stroke: #6e7681 } .none, .line { stroke: #6e7681 }
              .page { fill: #0c2d4b; stroke: #58a6ff } .own { fill: #3d2e00; stroke: #d29922 }
              .new { fill: #4c1417; stroke: #f85149 }
              .ref { stroke: #58a6ff } .copy { stroke: #f85149 } #copy path { fill: #f85149 }
              .ground { fill: #161b22 }
            }
          </style>
          <defs>
            <marker id="copy" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="5" markerHeight="5" \
        orient="auto"><path d="M0 0 10 5 0 10z"/></marker>
          </defs>
        """;

    /// Where a box is.
    private record Spot(int x, int y) {
        int middle() {
            return x + BOX / 2;
        }
    }

    private final Trace trace;
    private final StringBuilder lines = new StringBuilder();
    private final StringBuilder boxes = new StringBuilder();
    private final Map<String, Spot> pages = new HashMap<>();
    /// So far aside are the lines of a lane, that those of another can be told from them.
    private int aside;

    private int y = 12;

    private Picture(Trace trace) {
        this.trace = trace;
    }

    /// @param steps what is drawn
    /// @param captions what each panel says, one for each step
    static String of(Trace trace, String title, List<Step> steps, List<String> captions) {
        Picture picture = new Picture(trace);
        for (int i = 0; i < steps.size(); i++) {
            picture.panel(steps.get(i), captions.get(i));
        }
        return "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + WIDTH + " " + picture.y
                + "\" role=\"img\" aria-label=\"" + escaped(title) + "\">\n"
                + STYLE
                + picture.boxes
                + "</svg>\n";
    }

    private void panel(Step step, String caption) {
        lines.setLength(0);
        String before = boxes.toString();
        boxes.setLength(0);
        pages.clear();
        aside = 0;
        int top = y;
        y += 22;
        text("call", 24, y, step.call() + "(" + step.arguments() + ") = " + step.result());
        y += 18;
        text("small", 24, y, caption);
        y += 26;
        sources(step);
        step.rings().stream().filter(ring -> isShown(step, ring)).forEach(this::ring);
        step.queues().forEach(this::queue);
        int first = trace.in() == Place.FILE ? 1 : 0; // the input's own is drawn already
        step.stores().subList(first, step.stores().size()).forEach(store -> copies(step, store));
        String ground = "  <rect class=\"ground\" x=\"8\" y=\"" + top + "\" width=\"" + (WIDTH - 16) + "\" height=\""
                + (y - top - 8) + "\" rx=\"8\"/>\n";
        String drawn = ground + lines + boxes;
        boxes.setLength(0);
        boxes.append(before).append(drawn);
        y += 8;
    }

    /// Pipes that hold something, and of empty ones those that the call names.
    private static boolean isShown(Step step, Step.Ring ring) {
        return !ring.used().isEmpty()
                || step.call().equals("pipe2")
                || (", " + step.arguments() + ",").contains("=" + ring.name() + ",");
    }

    // ---- lanes ----

    private void sources(Step step) {
        int count = (int) ((trace.length() + 4095) / 4096);
        if (trace.in() == Place.MEMORY) {
            lane("user memory", "of the program");
            for (Step.Slot slot : step.rings().getFirst().used()) {
                page(slot.page(), slot.page(), "page", "x" + slot.references());
            }
            y += LANE;
            return;
        }
        if (trace.in() != Place.FILE) {
            return;
        }
        Step.Store store = step.stores().getFirst();
        lane("page cache", "of " + store.name());
        Map<Long, Integer> cached = new HashMap<>();
        store.first().forEach(page -> cached.put(page.index(), page.references()));
        for (int i = 0; i < count; i++) {
            Integer references = cached.get((long) i);
            boolean changed = step.actor() == Step.Actor.OTHER;
            if (references == null) {
                page("f" + i, "", "none", "disk");
            } else {
                page("f" + i, "f" + i, changed ? "new" : "page", "x" + references);
            }
        }
        y += LANE;
    }

    private void page(String name, String shown, String style, String below) {
        Spot spot = new Spot(LEFT + pages.size() * CELL, y);
        pages.put(name, spot);
        box(spot, style, shown, below);
    }

    private void ring(Step.Ring ring) {
        int slots = ring.slots();
        lane(ring.name(), slots + " slots");
        int shown = Math.min(slots, SHOWN);
        int tail = ring.tail() & slots - 1;
        int head = ring.head() & slots - 1;
        // a window of the ring, so that the slots in use are in it
        int first = slots <= SHOWN || (tail + ring.used().size() <= shown && head <= shown) ? 0 : tail;
        for (int i = 0; i < shown; i++) {
            box(new Spot(LEFT + i * CELL, y), "box", "", "");
        }
        for (int i = 0; i < ring.used().size() && i < shown; i++) {
            Step.Slot slot = ring.used().get(i);
            Spot spot = new Spot(LEFT + ((tail + i - first) & slots - 1) * CELL, y);
            boolean own = !pages.containsKey(slot.page());
            box(spot, own ? "own" : "box", slot.page(), slot.len() == 4096 ? "" : slot.len() + " B");
            refer(slot.page(), spot);
        }
        if (head == tail) {
            mark(tail - first, ring.used().isEmpty() ? "tail = head" : "full");
        } else {
            mark(tail - first, "tail");
            mark(head - first, "head");
        }
        int right = LEFT + shown * CELL - (CELL - BOX);
        int end = right;
        if (slots > shown) {
            boxes.append("  <text x=\"" + (right + 4) + "\" y=\"" + (y + 20) + "\">...</text>\n");
            end += 20;
        }
        int under = y + TALL + 24;
        lines.append("  <path class=\"line\" d=\"M" + end + " " + (y + TALL / 2) + "H" + (right + 28) + "v"
                + (under - y - TALL / 2) + "H" + (LEFT - 12) + "V" + (y + TALL / 2) + "h12\"/>\n");
        aside = aside == 0 ? 11 : -11;
        y += LANE;
    }

    private void mark(int slot, String word) {
        if (slot >= 0 && slot < SHOWN) {
            int x = LEFT + slot * CELL + BOX / 2;
            boxes.append(
                    "  <text class=\"small cell\" x=\"" + x + "\" y=\"" + (y + TALL + 14) + "\">" + word + "</text>\n");
        }
    }

    private void queue(Step.Queue queue) {
        lane("socket queue", "of " + queue.name());
        int i = 0;
        for (String page : queue.pages()) {
            Spot spot = new Spot(LEFT + i * CELL, y);
            box(spot, pages.containsKey(page) ? "box" : "own", page, "");
            refer(page, spot);
            i++;
        }
        if (queue.pages().isEmpty()) {
            text("small", LEFT, y + 22, "nothing");
        }
        y += LANE;
    }

    private void copies(Step step, Step.Store store) {
        lane("page cache", "of " + store.name());
        for (Step.Cached page : store.first()) {
            Spot spot = new Spot(LEFT + (int) page.index() * CELL, y);
            box(spot, "own", "", "x" + page.references());
            Spot from = pages.get("f" + page.index());
            boolean now = step.bill().copiedInside() > 0 && step.arguments().contains("out=" + store.name());
            if (from != null && now) {
                lines.append("  <path class=\"copy\" d=\"M" + (from.middle() + 11) + " " + (from.y + TALL) + "V"
                        + (spot.y - 2) + "\"/>\n");
            }
        }
        if (store.first().isEmpty()) {
            text("small", LEFT, y + 22, "empty");
        }
        y += LANE;
    }

    // ---- shapes ----

    private void lane(String name, String what) {
        text("", 24, y + 16, name);
        text("small", 24, y + 32, what);
    }

    private void refer(String page, Spot from) {
        Spot to = pages.get(page);
        if (to != null) {
            int x = from.middle() + aside;
            int foot = to.middle() + aside;
            int bottom = to.y + TALL + 16;
            int half = (from.y - bottom) / 2;
            lines.append("  <path class=\"ref\" d=\"M" + x + " " + from.y + "C" + x + " " + (from.y - half) + " " + foot
                    + " " + (bottom + half) + " " + foot + " " + bottom + "\"/>\n");
        }
    }

    private void box(Spot spot, String style, String inside, String below) {
        boxes.append("  <rect class=\"" + style + "\" x=\"" + spot.x + "\" y=\"" + spot.y + "\" width=\"" + BOX
                + "\" height=\"" + TALL + "\" rx=\"4\"/>\n");
        if (!inside.isEmpty()) {
            boxes.append("  <text class=\"cell\" x=\"" + spot.middle() + "\" y=\"" + (spot.y + 22) + "\">" + inside
                    + "</text>\n");
        }
        if (!below.isEmpty()) {
            boxes.append("  <text class=\"small cell\" x=\"" + spot.middle() + "\" y=\"" + (spot.y + TALL + 13) + "\">"
                    + below + "</text>\n");
        }
    }

    private void text(String style, int x, int at, String what) {
        String css = style.isEmpty() ? "" : " class=\"" + style + "\"";
        boxes.append("  <text" + css + " x=\"" + x + "\" y=\"" + at + "\">" + escaped(what) + "</text>\n");
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace("\"", "&quot;");
    }

    /// The steps of a walk that moved something, and those that made a pipe of the default size, in order.
    static List<Step> moving(Trace trace) {
        List<Step> moving = new ArrayList<>();
        boolean resizes =
                trace.steps().stream().anyMatch(step -> step.arguments().contains("F_SETPIPE_SZ"));
        for (Step step : trace.steps()) {
            if ((step.moves() && step.result() > 0) || (step.call().equals("pipe2") && !resizes)) {
                moving.add(step);
            }
        }
        return moving;
    }
}
