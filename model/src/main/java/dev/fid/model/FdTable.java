package dev.fid.model;

import dev.fid.kernel.Errno;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The descriptors of the process: the lowest free number is the next one.
final class FdTable {
    private final Machine machine;
    private final List<@Nullable OpenFile> files = new ArrayList<>();
    private final java.util.BitSet closeOnExec = new java.util.BitSet();
    private int open;

    FdTable(Machine machine) {
        this.machine = machine;
    }

    /// A number for `file` from `least` on, or -EMFILE.
    int install(OpenFile file, int least, boolean cloexec) {
        int fd = free(least);
        if (fd < 0) {
            return fd;
        }
        set(fd, file, cloexec);
        return fd;
    }

    /// `get_unused_fd_flags`: which number would be next, or -EMFILE.
    int free(int least) {
        int fd = least;
        while (fd < files.size() && files.get(fd) != null) {
            fd++;
        }
        return fd >= machine.limits.files() ? -Errno.EMFILE : fd;
    }

    void set(int fd, OpenFile file, boolean cloexec) {
        while (files.size() <= fd) {
            files.add(null);
        }
        file.get();
        files.set(fd, file);
        closeOnExec.set(fd, cloexec);
        open++;
    }

    /// `fdget_raw`: also a descriptor opened O_PATH.
    @Nullable
    OpenFile raw(int fd) {
        return fd < 0 || fd >= files.size() ? null : files.get(fd);
    }

    /// `fdget`: null is EBADF.
    @Nullable
    OpenFile get(int fd) {
        OpenFile file = raw(fd);
        return file == null || file.pathOnly() ? null : file;
    }

    int close(int fd) {
        OpenFile file = raw(fd);
        if (file == null) {
            return -Errno.EBADF;
        }
        files.set(fd, null);
        open--;
        file.put();
        return 0;
    }

    boolean closesOnExec(int fd) {
        return closeOnExec.get(fd);
    }

    void closeOnExec(int fd, boolean on) {
        closeOnExec.set(fd, on);
    }

    int open() {
        return open;
    }

    List<Integer> numbers() {
        List<Integer> numbers = new ArrayList<>();
        for (int i = 0; i < files.size(); i++) {
            if (files.get(i) != null) {
                numbers.add(i);
            }
        }
        return numbers;
    }
}
