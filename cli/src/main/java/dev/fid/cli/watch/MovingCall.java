package dev.fid.cli.watch;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The system calls that move bytes, as another process makes them. Numbers: asm/unistd_64.h and asm-generic/unistd.h.
enum MovingCall {
    SPLICE("splice", 275, 76, 0, 2, 1),
    TEE("tee", 276, 77, 0, 1, 1),
    VMSPLICE("vmsplice", 278, 75, -1, 0, 1),
    // sendfile(out, in): both ends in one call, so a byte counts as often as one that is spliced through a pipe.
    SENDFILE("sendfile", 40, 71, 1, 0, 2),
    COPY_FILE_RANGE("copy_file_range", 326, 285, 0, 2, 2),
    READ("read", 0, 63, 0, -1, 0),
    READV("readv", 19, 65, 0, -1, 0),
    PREAD("pread64", 17, 67, 0, -1, 0),
    PREADV("preadv", 295, 69, 0, -1, 0),
    PREADV2("preadv2", 327, 286, 0, -1, 0),
    RECVFROM("recvfrom", 45, 207, 0, -1, 0),
    RECVMSG("recvmsg", 47, 212, 0, -1, 0),
    RECVMMSG("recvmmsg", 299, 243, 0, -1, 0),
    WRITE("write", 1, 64, -1, 0, 0),
    WRITEV("writev", 20, 66, -1, 0, 0),
    PWRITE("pwrite64", 18, 68, -1, 0, 0),
    PWRITEV("pwritev", 296, 70, -1, 0, 0),
    PWRITEV2("pwritev2", 328, 287, -1, 0, 0),
    SENDTO("sendto", 44, 206, -1, 0, 0),
    SENDMSG("sendmsg", 46, 211, -1, 0, 0),
    SENDMMSG("sendmmsg", 307, 269, -1, 0, 0),
    IO_URING_ENTER("io_uring_enter", 426, 426, -1, -1, 0);

    private static final Map<Integer, MovingCall> BY_NUMBER = new HashMap<>();
    private static final Map<String, MovingCall> BY_NAME = new HashMap<>();

    static {
        for (MovingCall call : values()) {
            BY_NUMBER.put(call.number, call);
            BY_NAME.put(call.label, call);
        }
        BY_NAME.put("sendfile64", SENDFILE);
    }

    private final String label;
    private final int number;
    private final int in;
    private final int out;
    private final int ends;

    /// @param in index of the argument that is the input, -1 for memory
    /// @param out the same of the output
    /// @param ends how many ends of the way a call serves without the process's memory; 0 where it copies
    MovingCall(String label, int x86, int aarch64, int in, int out, int ends) {
        this.label = label;
        this.number = "aarch64".equals(System.getProperty("os.arch")) ? aarch64 : x86;
        this.in = in;
        this.out = out;
        this.ends = ends;
    }

    static @Nullable MovingCall numbered(int number) {
        return BY_NUMBER.get(number);
    }

    static @Nullable MovingCall named(String name) {
        return BY_NAME.get(name);
    }

    int number() {
        return number;
    }

    int in() {
        return in;
    }

    int out() {
        return out;
    }

    int ends() {
        return ends;
    }

    /// What it returns is a count of messages, not of bytes.
    boolean countsMessages() {
        return this == RECVMMSG || this == SENDMMSG;
    }

    /// Its C name.
    @Override
    public String toString() {
        return label;
    }
}
