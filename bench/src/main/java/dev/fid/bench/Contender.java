package dev.fid.bench;

import dev.fid.Method;
import org.jspecify.annotations.Nullable;

/// One who takes part in a race.
///
/// @param name what the tables call it
/// @param kind whose it is
/// @param way how it moves the bytes
/// @param block what its calls move at most; null where that is its own affair
record Contender(String name, Kind kind, Way way, @Nullable Block block) {
    /// A plain loop by one method.
    ///
    /// @param method what it calls
    /// @param size bytes of a call
    record Block(String method, long size) {}

    Contender(String name, Kind kind, Way way) {
        this(name, kind, way, null);
    }

    enum Kind {
        /// Fid.
        FID(0),
        /// Fid a second time, as if it were another: how far the two are apart is what a race cannot tell.
        AGAIN(1),
        /// Fid by one method alone, whatever its plan says: so that the plan's order can be checked.
        METHOD(5),
        /// A plain loop by one method and one block size.
        BLOCK(6),
        /// One of our reference programs in C.
        C(2),
        /// What the JDK brings.
        JDK(3),
        /// What users have: programs as cp, dd and tee, Netty, Go's io.Copy.
        TOOL(4);

        /// Who comes first where there is not time for all.
        final int rank;

        Kind(int rank) {
            this.rank = rank;
        }
    }

    static Contender fid(Way way) {
        return new Contender("Fid", Kind.FID, way);
    }

    static Contender again(Way way) {
        return new Contender("Fid again", Kind.AGAIN, way);
    }

    static Contender method(Method method) {
        return new Contender("Fid by " + method, Kind.METHOD, Way.fid(method));
    }

    static Contender jdk(String name, Way way) {
        return new Contender(name, Kind.JDK, way);
    }

    static Contender tool(String name, Way way) {
        return new Contender(name, Kind.TOOL, way);
    }
}
