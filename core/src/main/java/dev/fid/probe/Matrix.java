package dev.fid.probe;

import static dev.fid.kernel.Uapi.SPLICE_F_NONBLOCK;

import dev.fid.Method;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Kernel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/// Which call moves bytes from which kind of descriptor to which, tried with a few bytes each.
///
/// @param kinds rows and columns
/// @param cells each kind as input with each as output, row by row
public record Matrix(List<Kind> kinds, List<Cell> cells) {
    /// What there is to try.
    public enum Sort {
        PIPE,
        FILE,
        NULL,
        ZERO,
        FULL,
        URANDOM,
        TTY,
        UNIX_STREAM,
        UNIX_DATAGRAM,
        UNIX_SEQPACKET,
        TCP,
        UDP,
        RAW,
        MEMFD;

        /// The row of the article's table that it belongs to: pipe, reg, chr, unix, tcp, udp or raw.
        public String article() {
            return switch (this) {
                case FILE, MEMFD -> "reg";
                case NULL, ZERO, FULL, URANDOM, TTY -> "chr";
                case UNIX_STREAM, UNIX_DATAGRAM, UNIX_SEQPACKET -> "unix";
                default -> name().toLowerCase(Locale.ROOT);
            };
        }
    }

    /// A row and a column.
    ///
    /// @param sort what it is
    /// @param directory where the file of a FILE is made; the root elsewhere
    /// @param fileSystem the name of the file system of a FILE; else empty
    public record Kind(Sort sort, Path directory, String fileSystem) {
        /// Instead of a name: the directory did not answer in time.
        static final String SILENT = "silent";

        static Kind of(Sort sort) {
            return new Kind(sort, Path.of("/"), "");
        }

        /// `pipe`, `tcp`, `unix stream`, `ext4 /tmp`.
        public String label() {
            return sort == Sort.FILE
                    ? fileSystem + " " + directory
                    : sort.name().toLowerCase(Locale.ROOT).replace('_', ' ');
        }
    }

    /// What each call said of one pair.
    ///
    /// @param in the input
    /// @param out the output
    /// @param splice splice(2) from one to the other
    /// @param throughPipe splice(2) twice, through a pipe between them
    /// @param sendfile sendfile(2)
    /// @param copyFileRange copy_file_range(2)
    public record Cell(Kind in, Kind out, Answer splice, Answer throughPipe, Answer sendfile, Answer copyFileRange) {
        /// The answer of one call.
        ///
        /// @param method SPLICE, SPLICE_THROUGH_PIPE, SENDFILE or COPY_FILE_RANGE
        public Answer answer(Method method) {
            return switch (method) {
                case SPLICE -> splice;
                case SPLICE_THROUGH_PIPE -> throughPipe;
                case SENDFILE -> sendfile;
                case COPY_FILE_RANGE -> copyFileRange;
                default -> throw new IllegalArgumentException(method + " is not tried on pairs");
            };
        }

        /// Whether splice says something else than the table of Nikola Pajkovsky's article of 2013. What is not known
        /// does not differ.
        public boolean differs() {
            return splice.state() != Answer.State.UNKNOWN
                    && splice.works() != article(in.sort.article(), out.sort.article());
        }
    }

    /// The calls that are tried, in this order.
    public static final List<Method> METHODS =
            List.of(Method.SPLICE, Method.SPLICE_THROUGH_PIPE, Method.SENDFILE, Method.COPY_FILE_RANGE);

    /// What reads from a descriptor of the first 7 kinds into a pipe, by the article.
    private static final Set<String> INTO_PIPES = Set.of("pipe", "reg", "chr", "tcp");

    private static boolean article(String in, String out) {
        return in.equals("pipe") || (out.equals("pipe") && INTO_PIPES.contains(in));
    }

    /// Tries every kind with every kind: pipes, one file in each of `directories`, devices, a terminal, sockets, a
    /// memfd. Nothing waits longer than a second, nothing is left behind.
    ///
    /// @param files the FILE kinds
    static Matrix of(Kernel kernel, List<Kind> files) {
        List<Kind> kinds = new ArrayList<>();
        kinds.add(Kind.of(Sort.PIPE));
        kinds.addAll(files);
        for (Sort sort : EnumSet.complementOf(EnumSet.of(Sort.PIPE, Sort.FILE))) {
            kinds.add(Kind.of(sort));
        }
        List<Cell> cells = new ArrayList<>();
        try (ProbeDescriptors samples = new ProbeDescriptors(kernel)) {
            for (Kind in : kinds) {
                for (Kind out : kinds) {
                    cells.add(cell(kernel, samples, in, out));
                    samples.drop();
                }
            }
        }
        return new Matrix(List.copyOf(kinds), List.copyOf(cells));
    }

    private static Cell cell(Kernel kernel, ProbeDescriptors samples, Kind in, Kind out) {
        int from;
        int to;
        try {
            from = samples.of(in, true);
            to = samples.of(out, false);
        } catch (ErrnoException e) {
            Answer unknown = Answer.unknown(e);
            return new Cell(in, out, unknown, unknown, unknown, unknown);
        }
        // The pair serves all four, so the one that may leave bytes in the middle comes last.
        Answer splice = Answer.of(kernel.splice(from, null, to, null, ProbeDescriptors.FEW, SPLICE_F_NONBLOCK));
        Answer sendfile = Answer.of(kernel.sendfile(from, null, to, ProbeDescriptors.FEW));
        Answer copy = Answer.of(kernel.copyFileRange(from, null, to, null, ProbeDescriptors.FEW, 0));
        return new Cell(in, out, splice, throughPipe(kernel, samples, from, to), sendfile, copy);
    }

    private static Answer throughPipe(Kernel kernel, ProbeDescriptors samples, int from, int to) {
        try {
            int[] pipe = samples.pipe();
            long filled = kernel.splice(from, null, pipe[1], null, ProbeDescriptors.FEW, SPLICE_F_NONBLOCK);
            return filled <= 0
                    ? Answer.of(filled, " into the pipe")
                    : Answer.of(kernel.splice(pipe[0], null, to, null, filled, SPLICE_F_NONBLOCK), " out of the pipe");
        } catch (ErrnoException e) {
            return Answer.unknown(e);
        }
    }

    /// The cell of two kinds of this matrix.
    public Cell cell(Kind in, Kind out) {
        return cells.get(kinds.indexOf(in) * kinds.size() + kinds.indexOf(out));
    }
}
