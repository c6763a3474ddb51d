package dev.fid.cli.probe;

import dev.fid.Method;
import dev.fid.cli.base.Lines;
import dev.fid.cli.base.Suggest;
import dev.fid.kernel.Errno;
import dev.fid.probe.Answer;
import dev.fid.probe.Matrix;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/// The matrix as text: rows are inputs, columns outputs. As many columns stand side by side as the width holds, the
/// rest
/// below.
final class MatrixTable {
    /// The values of `--matrix`.
    static final Map<String, Method> CALLS = calls();

    private final Matrix matrix;
    private final int width;
    private final Map<Matrix.Kind, String> names = new LinkedHashMap<>();

    private MatrixTable(Matrix matrix, int width) {
        this.matrix = matrix;
        this.width = width;
        int files = 0;
        for (Matrix.Kind kind : matrix.kinds()) {
            names.put(kind, kind.sort() == Matrix.Sort.FILE ? "f" + ++files : name(kind.sort()));
        }
    }

    private static Map<String, Method> calls() {
        Map<String, Method> calls = new LinkedHashMap<>();
        calls.put("splice", Method.SPLICE);
        calls.put("pipe", Method.SPLICE_THROUGH_PIPE);
        calls.put("sendfile", Method.SENDFILE);
        calls.put("copy_file_range", Method.COPY_FILE_RANGE);
        return calls;
    }

    private static String name(Matrix.Sort sort) {
        return switch (sort) {
            case PIPE -> "pip";
            case FILE -> "fil";
            case NULL -> "nul";
            case ZERO -> "zer";
            case FULL -> "ful";
            case URANDOM -> "rnd";
            case TTY -> "tty";
            case UNIX_STREAM -> "uxs";
            case UNIX_DATAGRAM -> "uxd";
            case UNIX_SEQPACKET -> "uxq";
            case TCP -> "tcp";
            case UDP -> "udp";
            case RAW -> "raw";
            case MEMFD -> "mem";
        };
    }

    /// All four calls in one table, a letter each.
    static String summary(Matrix matrix, int width) {
        MatrixTable table = new MatrixTable(matrix, width);
        return table.wrapped("Which call moves bytes from a row to a column:")
                + table.wrapped(
                        "s splice, p splice through a pipe, f sendfile, c copy_file_range; - refused, ? not known;"
                                + " * splice differs from the article of 2013")
                + table.table(3, cell -> letters(cell) + (cell.differs() ? "*" : " "))
                + table.legend();
    }

    private static String letters(Matrix.Cell cell) {
        String splice = letter(cell.splice(), "s");
        String first = splice.equals("s") ? splice : letter(cell.throughPipe(), "p");
        return first + letter(cell.sendfile(), "f") + letter(cell.copyFileRange(), "c");
    }

    private static String letter(Answer answer, String yes) {
        return switch (answer.state()) {
            case WORKS -> yes;
            case REFUSED -> "-";
            case UNKNOWN -> "?";
        };
    }

    /// One call, or all of them one after the other, with errnos.
    static String text(Matrix matrix, String call, int width) {
        StringBuilder text = new StringBuilder();
        MatrixTable table = new MatrixTable(matrix, width);
        for (Map.Entry<String, Method> one : CALLS.entrySet()) {
            if (call.equals("all") || call.equals(one.getKey())) {
                text.append(table.one(one.getValue())).append('\n');
            }
        }
        return text.append(table.legend()).toString();
    }

    private String one(Method method) {
        boolean splice = method == Method.SPLICE;
        return wrapped(method + " from a row to a column: yes, or the errno; ? not known"
                        + (splice ? "; * differs from the article of 2013" : ""))
                + table(0, cell -> answer(cell.answer(method)) + (splice && cell.differs() ? "*" : " "));
    }

    private static String answer(Answer answer) {
        return switch (answer.state()) {
            case WORKS -> "yes";
            case REFUSED -> Errno.name((int) -answer.result());
            case UNKNOWN -> "?";
        };
    }

    /// @param least columns of a cell; more where its text needs them
    private String table(int least, Function<Matrix.Cell, String> cells) {
        int wide = least;
        for (Matrix.Cell cell : matrix.cells()) {
            wide = Math.max(wide, cells.apply(cell).length());
        }
        for (String name : names.values()) {
            wide = Math.max(wide, name.length() + 1);
        }
        int label = 4;
        int fit = Math.max(1, (width - label) / wide);
        StringBuilder text = new StringBuilder();
        List<Matrix.Kind> kinds = matrix.kinds();
        for (int from = 0; from < kinds.size(); from += fit) {
            text.append(from == 0 ? "" : "\n");
            List<Matrix.Kind> block = kinds.subList(from, Math.min(kinds.size(), from + fit));
            List<String> line = new ArrayList<>();
            block.forEach(kind -> line.add(names.getOrDefault(kind, "")));
            line(text, "", line, label, wide);
            for (Matrix.Kind in : kinds) {
                line.clear();
                block.forEach(out -> line.add(cells.apply(matrix.cell(in, out))));
                line(text, names.getOrDefault(in, ""), line, label, wide);
            }
        }
        return text.toString();
    }

    private static void line(StringBuilder text, String label, List<String> cells, int labelWide, int wide) {
        StringBuilder line = new StringBuilder(pad(label, labelWide));
        cells.forEach(cell -> line.append(pad(cell, wide)));
        text.append(line.toString().stripTrailing()).append('\n');
    }

    private static String pad(String text, int wide) {
        return text + " ".repeat(Math.max(0, wide - text.length()));
    }

    private String legend() {
        StringBuilder text = new StringBuilder();
        names.forEach((kind, name) -> {
            if (kind.sort() == Matrix.Sort.FILE) {
                text.append(name).append(": file on ").append(kind.label()).append('\n');
            }
        });
        text.append(
                wrapped("pip: pipe; nul, zer, ful, rnd: /dev/null, zero, full, urandom; tty: terminal; uxs, uxd, uxq:"
                        + " unix stream, datagram, seqpacket; mem: memfd"));
        // One line for each reason, however many pairs share it.
        Map<String, List<String>> unknown = new LinkedHashMap<>();
        for (Matrix.Cell cell : matrix.cells()) {
            for (Method method : Matrix.METHODS) {
                Answer answer = cell.answer(method);
                if (answer.state() == Answer.State.UNKNOWN) {
                    List<String> pairs = unknown.computeIfAbsent(answer.reason(), reason -> new ArrayList<>());
                    String pair = names.getOrDefault(cell.in(), "") + "-" + names.getOrDefault(cell.out(), "");
                    if (!pairs.contains(pair)) {
                        pairs.add(pair);
                    }
                }
            }
        }
        unknown.forEach((reason, pairs) -> text.append(wrapped("unknown: " + reason + ": " + some(pairs))));
        return text.toString();
    }

    private static String some(List<String> pairs) {
        return pairs.size() <= 4
                ? String.join(" ", pairs)
                : pairs.getFirst() + " and " + (pairs.size() - 1) + " pairs more";
    }

    private String wrapped(String text) {
        return Lines.wrap(text, width, "  ");
    }

    static final class Matrices implements Iterable<String> {
        @Override
        public Iterator<String> iterator() {
            List<String> names = new ArrayList<>(CALLS.keySet());
            names.add("all");
            return names.iterator();
        }
    }

    static final class OfMatrix implements ITypeConverter<String> {
        @Override
        public String convert(String text) {
            List<String> names = new ArrayList<>();
            new Matrices().iterator().forEachRemaining(names::add);
            if (names.contains(text)) {
                return text;
            }
            String near = Suggest.nearest(text, names);
            throw new TypeConversionException("'" + text + "' is not a table"
                    + (near != null ? "; did you mean '" + near + "'?" : " (use " + String.join(", ", names) + ")"));
        }
    }
}
