package dev.fid.bench.report;

import dev.fid.bench.way.Contender;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A table of a report, for whatever page it is laid out on.
///
/// @param columns their heads; those that hold figures are aligned at the right
/// @param rows as many cells each as there are columns
public record Sheet(List<Column> columns, List<Row> rows) {
    /// A column.
    ///
    /// @param figures whether its cells are figures
    record Column(String head, boolean figures) {}

    /// A cell.
    ///
    /// @param text what it says
    /// @param value what it is sorted by; NaN for its text
    /// @param bar what is drawn beside it where a page can draw; may be null
    public record Cell(String text, double value, @Nullable Bar bar) {
        static Cell of(String text) {
            return new Cell(text, Double.NaN, null);
        }

        static Cell of(String text, double value) {
            return new Cell(text, value, null);
        }
    }

    /// A bar with its spread, as shares of the longest of the column.
    record Bar(double middle, double low, double high) {}

    /// A row.
    ///
    /// @param kind whose it is; null where that means nothing
    public record Row(Contender.@Nullable Kind kind, List<Cell> cells) {}

    /// A sheet without rows. Heads that end in `>` are those of figures.
    static Sheet of(String... heads) {
        return new Sheet(
                Arrays.stream(heads)
                        .map(head -> head.endsWith(">")
                                ? new Column(head.substring(0, head.length() - 1), true)
                                : new Column(head, false))
                        .toList(),
                new ArrayList<>());
    }

    void add(Contender.@Nullable Kind kind, List<Cell> cells) {
        if (cells.size() != columns.size()) {
            throw new IllegalArgumentException(cells.size() + " cells in " + columns.size() + " columns");
        }
        rows.add(new Row(kind, List.copyOf(cells)));
    }

    void add(String... cells) {
        add(null, Arrays.stream(cells).map(Cell::of).toList());
    }
}
