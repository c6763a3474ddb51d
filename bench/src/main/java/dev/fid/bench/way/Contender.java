package dev.fid.bench.way;

import dev.fid.Method;
import org.jspecify.annotations.Nullable;

/// One who takes part in a race.
///
/// @param name what the tables call it
/// @param kind whose it is
/// @param way how it moves the bytes
/// @param block what its calls move at most; null where that is its own affair
public record Contender(
        String name, Kind kind, Runner way, @Nullable Block block) {
    /// A plain loop by one method.
    ///
    /// @param method what it calls
    /// @param size bytes of a call
    public record Block(String method, long size) {}

    public Contender(String name, Kind kind, Runner way) {
        this(name, kind, way, null);
    }

    public enum Kind {
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
        public final int rank;

        Kind(int rank) {
            this.rank = rank;
        }
    }

    public static Contender fid(Runner way) {
        return new Contender("Fid", Kind.FID, way);
    }

    public static Contender again(Runner way) {
        return new Contender("Fid again", Kind.AGAIN, way);
    }

    public static Contender method(Method method) {
        return new Contender("Fid by " + method, Kind.METHOD, Runner.fid(method));
    }

    public static Contender jdk(String name, Runner way) {
        return new Contender(name, Kind.JDK, way);
    }

    public static Contender tool(String name, Runner way) {
        return new Contender(name, Kind.TOOL, way);
    }
}
