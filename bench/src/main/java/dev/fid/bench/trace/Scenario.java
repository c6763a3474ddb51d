package dev.fid.bench.trace;

import dev.fid.Method;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// What the articles show, one walk each. Where Fid's engine has the way it is Fid's engine that walks it.
@SuppressWarnings("ImmutableEnumChecker") // a list made by List.of, and a way, which has no state
public enum Scenario {
    READ_WRITE(
            "a file by read and write",
            "0.1, 2.1",
            Place.FILE,
            List.of(Place.FILE),
            1 << 20,
            Way.transfer(Method.READ_WRITE)),
    MMAP(
            "a file by memcpy between two mappings",
            "0.2, 2.3",
            Place.FILE,
            List.of(Place.FILE),
            1 << 20,
            Way.program("memcpy", (kernel, in, out, length) -> Programs.mappings(kernel, in, out, length, length))),
    MMAP_SEGMENTS(
            "the same, 256 KiB mapped at a time",
            "1.16",
            Place.FILE,
            List.of(Place.FILE),
            1 << 20,
            Way.program("memcpy", (kernel, in, out, length) -> Programs.mappings(kernel, in, out, length, 256 << 10))),
    MMAP_WRITE(
            "a file written from a mapping",
            "2.2",
            Place.FILE,
            List.of(Place.FILE),
            1 << 20,
            Way.transfer(Method.MMAP)),
    SPLICE_4K(
            "a file by two splices of 4 KiB a round",
            "0.3, 2.12",
            Place.FILE,
            List.of(Place.FILE),
            256 << 10,
            Way.program("splice", (kernel, in, out, length) -> Programs.splices(kernel, in, out, length, 4096))),
    SPLICE_PIPE(
            "the same, as much as the pipe holds",
            "0.9, 1.13",
            Place.FILE,
            List.of(Place.FILE),
            1 << 20,
            Way.program("splice", (kernel, in, out, length) -> Programs.splices(kernel, in, out, length, 64 << 10))),
    SPLICE(
            "the same by Fid, with its own pipe",
            "1.14, 4.4",
            Place.FILE,
            List.of(Place.FILE),
            1 << 20,
            Way.transfer(Method.SPLICE_THROUGH_PIPE)),
    FULL_PIPE(
            "more into a pipe than it holds",
            "0.5, 3.8",
            Place.FILE,
            List.of(Place.FILE),
            128 << 10,
            Way.program("splice", Programs::tooMuch)),
    TEE(
            "one file into two, by splice and tee",
            "1.10",
            Place.FILE,
            List.of(Place.FILE, Place.FILE),
            64 << 10,
            Way.fanout(Method.TEE)),
    TEE_PIPES(
            "one file to two readers, by splice and tee",
            "1.7",
            Place.FILE,
            List.of(Place.PIPE, Place.PIPE),
            64 << 10,
            Way.fanout(Method.TEE)),
    FILE_TO_SOCKET(
            "a file to a socket, by two splices",
            "0.11, 3.11",
            Place.FILE,
            List.of(Place.TCP),
            256 << 10,
            Way.transfer(Method.SPLICE_THROUGH_PIPE)),
    SENDFILE(
            "a file to a socket, by sendfile",
            "2.4, 2.8",
            Place.FILE,
            List.of(Place.TCP),
            256 << 10,
            Way.transfer(Method.SENDFILE)),
    SOCKET_TO_FILE("a socket to a file", "0.12, 3.7", Place.TCP, List.of(Place.FILE), 256 << 10, Way.transfer(null)),
    SOCKET_TO_SOCKET("a socket to a socket", "0.13", Place.TCP, List.of(Place.TCP), 256 << 10, Way.transfer(null)),
    VMSPLICE("memory lent to a pipe", "2.5, 2.11", Place.MEMORY, List.of(Place.PIPE), 64 << 10, Way.transfer(null)),
    COPY_FILE_RANGE("a file by copy_file_range", "", Place.FILE, List.of(Place.FILE), 1 << 20, Way.transfer(null)),
    ALIAS(
            "a file that changes after it was spliced",
            "0.4, 3.5",
            Place.FILE,
            List.of(Place.PIPE),
            32 << 10,
            Way.changed(Way.transfer(Method.SPLICE), "from the pipe"));

    private final String title;
    private final String statements;
    private final Place in;
    private final List<Place> outs;
    private final long length;
    private final Way way;

    Scenario(String title, String statements, Place in, List<Place> outs, long length, Way way) {
        this.title = title;
        this.statements = statements;
        this.in = in;
        this.outs = outs;
        this.length = length;
        this.way = way;
    }

    /// What it shows, in a line.
    public String title() {
        return title;
    }

    /// The statements of docs/articles.md that it belongs to; empty for what the articles do not have.
    public String statements() {
        return statements;
    }

    /// Where the bytes come from.
    public Place in() {
        return in;
    }

    /// Where they go.
    public List<Place> outs() {
        return outs;
    }

    /// Bytes, unless others are asked for.
    public long length() {
        return length;
    }

    Way way() {
        return way;
    }

    /// The same bytes by read and write.
    Way plain() {
        return outs.size() > 1 ? Way.fanout(Method.READ_WRITE) : Way.transfer(Method.READ_WRITE);
    }

    /// The scenario with that name; null where there is none.
    public static @Nullable Scenario named(String name) {
        for (Scenario scenario : values()) {
            if (scenario.toString().equals(name)) {
                return scenario;
            }
        }
        return null;
    }

    /// The names of all of them.
    public static List<String> names() {
        return List.of(values()).stream().map(Scenario::toString).toList();
    }

    /// The name, as in `fid explain --scenario splice-4k`.
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
