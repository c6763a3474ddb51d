package dev.fid;

/// What a descriptor refers to, as far as it decides which calls can move its bytes.
public enum FdKind {
    /// A regular file, a memfd included.
    FILE("file"),
    BLOCK_DEVICE("block device"),
    DIRECTORY("directory"),
    /// `/dev/null`, `/dev/zero` and their like.
    CHARACTER_DEVICE("character device"),
    TERMINAL("terminal"),
    /// A pipe or FIFO, either end.
    PIPE("pipe"),
    /// TCP or another stream of an IP network.
    TCP("tcp socket"),
    UNIX_STREAM("unix socket"),
    /// A socket that keeps message borders: UDP, raw, unix datagram or seqpacket. Never spliced, or borders were
    /// lost.
    DATAGRAM("datagram socket"),
    /// Whatever else has a number: epoll, eventfd, timerfd, inotify.
    OTHER("other descriptor");

    private final String label;

    FdKind(String label) {
        this.label = label;
    }

    /// A byte stream between two processes: it ends when the writer closes, and it can be waited for.
    public boolean isStream() {
        return this == PIPE || isSocket();
    }

    /// A stream socket.
    public boolean isSocket() {
        return this == TCP || this == UNIX_STREAM;
    }

    /// It has offsets.
    public boolean isSeekable() {
        return this == FILE || this == BLOCK_DEVICE;
    }

    @Override
    public String toString() {
        return label;
    }
}
