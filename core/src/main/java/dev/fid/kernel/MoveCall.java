package dev.fid.kernel;

import java.util.Locale;

/// The system calls that move bytes, and the one that waits for them. As text their C names.
public enum MoveCall {
    READ,
    WRITE,
    SPLICE,
    TEE,
    VMSPLICE,
    SENDFILE,
    COPY_FILE_RANGE,
    FICLONE,
    MMAP,
    POLL;

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
