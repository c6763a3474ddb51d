package dev.fid.bench.trace;

import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// A kind of descriptor that a walk may begin or end at.
public enum Place {
    /// A file of ext4 that is not cached yet.
    FILE("a file of ext4, not cached yet"),
    /// A file of tmpfs, whose pages are the file.
    TMPFS("a file of tmpfs"),
    /// A file of ext4 opened with O_APPEND.
    APPEND("a file opened for append"),
    /// A pipe of 64 KiB with somebody at its other end.
    PIPE("a pipe of 64 KiB"),
    /// A TCP connection over loopback.
    TCP("a TCP connection"),
    /// A unix stream socket.
    UNIX("a unix stream socket"),
    /// /dev/zero.
    ZERO("/dev/zero"),
    /// /dev/null.
    NULL("/dev/null"),
    /// Memory of the program, lent to a pipe.
    MEMORY("the program's own memory");

    private final String what;

    Place(String what) {
        this.what = what;
    }

    /// What it is, in a few words.
    public String what() {
        return what;
    }

    /// Whether bytes can come from it.
    public boolean gives() {
        return this != NULL && this != APPEND;
    }

    /// Whether bytes can go to it.
    public boolean takes() {
        return this != ZERO && this != MEMORY;
    }

    boolean isFile() {
        return this == FILE || this == TMPFS || this == APPEND;
    }

    /// Whether somebody at the other end writes or reads.
    boolean isStream() {
        return this == PIPE || this == TCP || this == UNIX;
    }

    /// The place with that name; null where there is none.
    public static @Nullable Place named(String name) {
        for (Place place : values()) {
            if (place.toString().equals(name)) {
                return place;
            }
        }
        return null;
    }

    /// The names of all of them.
    public static List<String> names() {
        return List.of(values()).stream().map(Place::toString).toList();
    }

    /// The name, as in `fid explain file tcp --trace`.
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
