package dev.fid.kernel;

/// The end of a transfer that something concerns: where bytes come from, where they go, or neither in particular.
public enum Side {
    IN,
    OUT,
    NONE
}
