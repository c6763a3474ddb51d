package dev.fid.probe;

/// One thing that this machine allows this process, or not.
///
/// @param name by which it can be asked for, e.g. `ktls`
/// @param state whether it is there
/// @param value the figure or the place, e.g. `1048576` or `ext4 /tmp`; may be empty
/// @param how how it was found out
/// @param advice what it means or what to do; may be empty
public record Capability(String name, State state, String value, String how, String advice) {
    /// Whether it is there.
    public enum State {
        YES,
        NO,
        /// There, within bounds that {@link Capability#value} and {@link Capability#advice} tell.
        LIMITED,
        UNKNOWN
    }

    static Capability of(String name, State state, String value, String how, String advice) {
        return new Capability(name, state, value, how, advice);
    }
}
