package dev.fid.cli.base;

import java.util.LinkedHashMap;
import java.util.Map;

/// The exit codes, the same for every command. What they mean stands here and nowhere else: help and man pages take
/// it from {@link #meanings}.
public final class Exit {
    public static final int DONE = 0;
    public static final int IO = 1;
    public static final int USAGE = 2;
    public static final int OPEN = 3;
    public static final int NETWORK = 4;
    public static final int METHOD = 5;
    public static final int CHANGED = 6;
    public static final int CHECK = 7;
    public static final int TIMEOUT = 8;
    public static final int PARTIAL = 9;
    public static final int BUG = 70;
    /// Plus the number of the signal that ended the command.
    public static final int SIGNAL = 128;

    public static final int PIPE = SIGNAL + 13;

    private Exit() {}

    /// Each code with what it means, in their order.
    public static Map<String, String> meanings() {
        Map<String, String> meanings = new LinkedHashMap<>();
        meanings.put("0", "Done.");
        meanings.put("1", "An I/O error while bytes moved; the message says which side and what arrived.");
        meanings.put("2", "Wrong arguments or variables; nothing was opened.");
        meanings.put("3", "SRC or DST cannot be opened, are the same file, or DST exists with --no-clobber.");
        meanings.put("4", "The network failed before the first byte.");
        meanings.put("5", "The method asked for cannot be used, and --fallback never forbids another.");
        meanings.put("6", "--verify found a difference, or the source changed while it was read.");
        meanings.put("7", "A check that was asked for failed.");
        meanings.put("8", "The time given by --timeout was up.");
        meanings.put("9", "A part is missing: the child of exec: failed, tee dropped bytes, a drain cut connections.");
        meanings.put("70", "A bug of fid; it names a file to report it with.");
        meanings.put("129", "Ended by SIGHUP.");
        meanings.put("130", "Ended by SIGINT (Ctrl-C).");
        meanings.put("141", "The reader of stdout has gone; nothing is said.");
        meanings.put("143", "Ended by SIGTERM.");
        return meanings;
    }
}
