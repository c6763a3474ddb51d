package dev.fid.bench;

import dev.fid.Method;

/// One who takes part in a race.
///
/// @param name what the tables call it
/// @param kind whose it is
/// @param way how it moves the bytes
record Contender(String name, Kind kind, Way way) {
    enum Kind {
        /// Fid.
        FID,
        /// Fid a second time, as if it were another: how far the two are apart is what a race cannot tell.
        AGAIN,
        /// Fid by one method alone, whatever its plan says: so that the plan's order can be checked.
        METHOD,
        /// One of our reference programs in C.
        C,
        /// What the JDK brings.
        JDK,
        /// A program that users have: cp, dd, tee.
        TOOL
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
}
