package dev.fid;

import dev.fid.fanout.Fanout;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// A way to move bytes from one descriptor to another.
public enum Method {
    /// ioctl_ficlone(2): the output shares the extents of the input; no byte moves.
    REFLINK("reflink"),
    /// copy_file_range(2): file to file inside the kernel or the file server.
    COPY_FILE_RANGE("copy_file_range"),
    /// sendfile(2): from a file, through a pipe inside the kernel.
    SENDFILE("sendfile"),
    /// splice(2) where one side is a pipe already.
    SPLICE("splice"),
    /// splice(2) twice, through a pipe of our own.
    SPLICE_THROUGH_PIPE("splice_through_pipe"),
    /// tee(2) into several pipes; only for {@link Fanout}.
    TEE("tee"),
    /// vmsplice(2): lends pages of user memory to a pipe; only for memory.
    VMSPLICE("vmsplice"),
    /// write(2) from a mapping of the whole input file.
    MMAP("mmap"),
    /// As MMAP, one window of 8 MiB after the other.
    MMAP_SEGMENTS("mmap_segments"),
    /// read(2) and write(2) through one buffer.
    READ_WRITE("readwrite");

    private final String label;

    Method(String label) {
        this.label = label;
    }

    /// The name of the method with that label, as in `--method`; null where there is none.
    public static @Nullable Method labelled(String label) {
        for (Method method : values()) {
            if (method.label.equals(label.toLowerCase(Locale.ROOT))) {
                return method;
            }
        }
        return null;
    }

    /// The label: the system call's own name where there is one.
    @Override
    public String toString() {
        return label;
    }
}
