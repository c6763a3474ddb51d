package dev.fid.bench.report;

import java.util.ArrayList;
import java.util.List;

/// Text in columns, with notes under a row. Where the width does not suffice, the columns of the least weight go
/// first.
public final class Table {
    /// A column.
    ///
    /// @param title its head; a blank breaks it into lines
    /// @param left whether its cells begin at the left
    /// @param weight what has less goes first
    public record Column(String title, boolean left, int weight) {}

    private record Row(List<String> cells, List<String> notes) {}

    private static final String INDENT = "    ";

    private final List<Column> columns;
    private final List<Row> rows = new ArrayList<>();

    public Table(Column... columns) {
        this.columns = List.of(columns);
    }

    public void add(List<String> cells, List<String> notes) {
        rows.add(new Row(cells, notes));
    }

    /// The lines of it, none wider than `width` unless one word is.
    public List<String> lines(int width) {
        List<Integer> shown = new ArrayList<>();
        for (int i = 0; i < columns.size(); i++) {
            shown.add(i);
        }
        while (shown.size() > 1 && width(shown) > width) {
            Integer least = shown.getFirst();
            for (Integer column : shown) {
                least = columns.get(column).weight() < columns.get(least).weight() ? column : least;
            }
            shown.remove((Object) least);
        }
        List<String> lines = new ArrayList<>(heads(shown));
        for (Row row : rows) {
            lines.add(line(shown, row.cells()));
            row.notes().forEach(note -> lines.addAll(wrap(note, INDENT, width)));
        }
        return lines;
    }

    private List<String> heads(List<Integer> shown) {
        int height = columns.stream()
                .mapToInt(c -> c.title().split(" ", -1).length)
                .max()
                .orElse(1);
        List<String> heads = new ArrayList<>();
        for (int i = 0; i < height; i++) {
            List<String> words = new ArrayList<>();
            for (Column column : columns) {
                String[] title = column.title().split(" ", -1);
                int at = i - (height - title.length); // the last word stands right above the cells
                words.add(at < 0 ? "" : title[at]);
            }
            heads.add(line(shown, words));
        }
        return heads;
    }

    private int width(int column) {
        int width = 0;
        for (String word : columns.get(column).title().split(" ", -1)) {
            width = Math.max(width, word.length());
        }
        for (Row row : rows) {
            width = Math.max(width, row.cells().get(column).length());
        }
        return width;
    }

    private int width(List<Integer> shown) {
        return shown.stream().mapToInt(c -> width(c) + 2).sum() - 2;
    }

    private String line(List<Integer> shown, List<String> cells) {
        StringBuilder line = new StringBuilder();
        for (int column : shown) {
            String blanks = " ".repeat(width(column) - cells.get(column).length());
            line.append(line.isEmpty() ? "" : "  ");
            line.append(columns.get(column).left() ? cells.get(column) + blanks : blanks + cells.get(column));
        }
        return line.toString().stripTrailing();
    }

    /// `text` in lines of `width`, broken at blanks, all but the first behind `indent`.
    public static List<String> wrap(String text, String indent, int width) {
        List<String> lines = new ArrayList<>();
        StringBuilder line = new StringBuilder(indent);
        for (String word : text.split(" ", -1)) {
            if (line.length() > indent.length() && line.length() + 1 + word.length() > width) {
                lines.add(line.toString());
                line = new StringBuilder(indent);
            }
            line.append(line.length() > indent.length() ? " " : "").append(word);
        }
        lines.add(line.toString());
        return lines;
    }
}
