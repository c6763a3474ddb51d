package dev.fid.cli;

/// The exit codes, the same for every command.
final class Exit {
    static final int DONE = 0;
    /// An I/O error while bytes moved.
    static final int IO = 1;
    /// Wrong arguments; nothing was opened.
    static final int USAGE = 2;
    /// SRC or DST cannot be opened, are one file, or DST exists with `--no-clobber`.
    static final int OPEN = 3;
    /// The network failed before the first byte.
    static final int NETWORK = 4;
    /// The method asked for cannot be used, and `--fallback never` forbids another.
    static final int METHOD = 5;
    /// `--verify` found a difference, or the source changed meanwhile.
    static final int CHANGED = 6;
    /// A check that was asked for failed.
    static final int CHECK = 7;
    static final int TIMEOUT = 8;
    /// The child of `exec:` failed, or a drain cut connections.
    static final int PARTIAL = 9;
    /// A bug of Fid.
    static final int BUG = 70;
    /// Plus the number of the signal that ended the command.
    static final int SIGNAL = 128;

    static final int PIPE = SIGNAL + 13;

    private Exit() {}
}
