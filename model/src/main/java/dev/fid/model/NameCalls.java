package dev.fid.model;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.fid.kernel.Errno;
import dev.fid.kernel.Memory;
import dev.fid.kernel.Stat;
import dev.fid.kernel.Uapi;
import org.jspecify.annotations.Nullable;

/// The calls that go by name. Source: fs/namei.c and fs/open.c.
final class NameCalls {
    private final Task task;
    private final FileCalls files;

    NameCalls(Task task, FileCalls files) {
        this.task = task;
        this.files = files;
    }

    int openat(int dir, byte[] path, int flags, int mode) {
        boolean nameless = (flags & Uapi.O_TMPFILE) == Uapi.O_TMPFILE;
        boolean create = (flags & Uapi.O_CREAT) != 0;
        int access = flags & Uapi.O_ACCMODE;
        if (nameless && access == Uapi.O_RDONLY) {
            return -Errno.EINVAL;
        }
        int free = task.fds.free(0);
        if (free < 0) {
            return free;
        }
        boolean follow = (flags & Uapi.O_NOFOLLOW) == 0 && !(create && (flags & Uapi.O_EXCL) != 0);
        Names.Place place = task.names.resolve(dir, path, follow);
        if (place == null) {
            return task.names.failure();
        }
        Inode inode = place.inode;
        if (nameless) {
            return inode instanceof Directory directory
                    ? open(task.newFile(directory.fileSystem, mode), flags)
                    : inode == null ? -Errno.ENOENT : -Errno.ENOTDIR;
        }
        if (inode == null) {
            if (!create) {
                return -Errno.ENOENT;
            }
            if (place.mustBeDirectory) {
                return -Errno.EISDIR;
            }
            RegularFile made = task.newFile(place.directory.fileSystem, mode);
            place.directory.put(place.name, made);
            return open(made, flags);
        }
        if (create && (flags & Uapi.O_EXCL) != 0) {
            return -Errno.EEXIST;
        }
        return openExisting(place, inode, flags);
    }

    private int openExisting(Names.Place place, Inode inode, int flags) {
        boolean path = (flags & Uapi.O_PATH) != 0;
        boolean writes = (flags & Uapi.O_ACCMODE) != Uapi.O_RDONLY;
        if (inode instanceof SymbolicLink && !path) {
            return -Errno.ELOOP;
        }
        boolean directory = inode instanceof Directory;
        if (directory && !path && (writes || (flags & Uapi.O_CREAT) != 0)) {
            return -Errno.EISDIR;
        }
        if (!directory && ((flags & Uapi.O_DIRECTORY) != 0 || place.mustBeDirectory)) {
            return -Errno.ENOTDIR;
        }
        if (path) {
            return files.install(new OpenFile(inode, flags & ~Uapi.O_CLOEXEC), (flags & Uapi.O_CLOEXEC) != 0);
        }
        if ((flags & Uapi.O_DIRECT) != 0 && !(inode instanceof RegularFile) && inode.type() != Uapi.S_IFSOCK) {
            return -Errno.EINVAL; // `do_dentry_open`: FMODE_CAN_ODIRECT; a FIFO has packets by F_SETFL only
        }
        if (inode instanceof Pipe pipe) {
            return openPipe(pipe, flags);
        }
        if (inode.type() == Uapi.S_IFSOCK || (place.open != null && !reopens(inode))) {
            return -Errno.ENXIO;
        }
        if (writes && (flags & Uapi.O_TRUNC) != 0 && inode instanceof RegularFile file) {
            file.truncate(0);
        }
        return open(inode, flags);
    }

    private static boolean reopens(Inode inode) {
        return inode instanceof RegularFile || inode instanceof Directory || inode instanceof Device;
    }

    private int open(Inode inode, int flags) {
        int kept = flags & ~(Uapi.O_CREAT | Uapi.O_EXCL | Uapi.O_NOCTTY | Uapi.O_TRUNC | Uapi.O_CLOEXEC);
        return files.install(new OpenFile(inode, kept | FileCalls.O_LARGEFILE), (flags & Uapi.O_CLOEXEC) != 0);
    }

    /// `fifo_open`: without O_NONBLOCK it waits for the other end, unless the pipe has no name.
    private int openPipe(Pipe pipe, int flags) {
        if (!pipe.prepare()) {
            return -Errno.ENOMEM;
        }
        PipeRing ring = pipe.ring();
        boolean named = pipe.fileSystem != task.pipes;
        boolean nonblocking = (flags & Uapi.O_NONBLOCK) != 0;
        int access = flags & Uapi.O_ACCMODE;
        if (named && access == Uapi.O_WRONLY && nonblocking && ring.readers == 0) {
            return -Errno.ENXIO;
        }
        int kept = flags & ~(Uapi.O_CREAT | Uapi.O_EXCL | Uapi.O_NOCTTY | Uapi.O_TRUNC | Uapi.O_CLOEXEC);
        OpenFile file = new OpenFile(pipe, kept | FileCalls.O_LARGEFILE);
        int readersBefore = ring.readersEver;
        int writersBefore = ring.writersEver;
        pipe.attach(file);
        if (named && access == Uapi.O_RDONLY && ring.writers == 0) {
            if (nonblocking) {
                file.writersAtOpen = ring.writersEver;
            } else {
                while (ring.writersEver == writersBefore) {
                    task.machine.sleep();
                }
            }
        } else if (named && access == Uapi.O_WRONLY && ring.readers == 0) {
            while (ring.readersEver == readersBefore) {
                task.machine.sleep();
            }
        }
        return files.install(file, (flags & Uapi.O_CLOEXEC) != 0);
    }

    int statx(int dir, byte[] path, int flags, Stat out) {
        if (path.length == 0) {
            if ((flags & Uapi.AT_EMPTY_PATH) == 0) {
                return -Errno.ENOENT;
            }
            OpenFile file = task.fds.raw(dir);
            if (file == null) {
                return -Errno.EBADF;
            }
            files.stat(file.inode, out);
            return 0;
        }
        Names.Place place = task.names.resolve(dir, path, (flags & Uapi.AT_SYMLINK_NOFOLLOW) == 0);
        if (place == null) {
            return task.names.failure();
        }
        if (place.inode == null) {
            return -Errno.ENOENT;
        }
        files.stat(place.inode, out);
        return 0;
    }

    int setTimes(
            int dir, byte[] path, int flags, long atimeSeconds, long atimeNanos, long mtimeSeconds, long mtimeNanos) {
        Inode inode;
        if (path.length == 0) {
            OpenFile file = task.fds.raw(dir);
            if (file == null) {
                return -Errno.EBADF;
            }
            inode = file.inode;
        } else {
            Names.Place place = task.names.resolve(dir, path, (flags & Uapi.AT_SYMLINK_NOFOLLOW) == 0);
            if (place == null) {
                return task.names.failure();
            }
            if (place.inode == null) {
                return -Errno.ENOENT;
            }
            inode = place.inode;
        }
        if (atimeNanos != Uapi.UTIME_OMIT || mtimeNanos != Uapi.UTIME_OMIT) {
            inode.changed();
            inode.accessedNanos = time(inode.accessedNanos, atimeSeconds, atimeNanos);
            inode.modifiedNanos = time(inode.modifiedNanos, mtimeSeconds, mtimeNanos);
        }
        return 0;
    }

    private long time(long before, long seconds, long nanos) {
        if (nanos == Uapi.UTIME_OMIT) {
            return before;
        }
        return nanos == Uapi.UTIME_NOW ? task.machine.clock.nanos() : seconds * 1_000_000_000 + nanos;
    }

    int renameat2(int oldDir, byte[] oldPath, int newDir, byte[] newPath, int flags) {
        if ((flags & ~(Uapi.RENAME_NOREPLACE | Uapi.RENAME_EXCHANGE)) != 0
                || flags == (Uapi.RENAME_NOREPLACE | Uapi.RENAME_EXCHANGE)) {
            return -Errno.EINVAL;
        }
        Names.Place from = task.names.resolve(oldDir, oldPath, false);
        if (from == null) {
            return task.names.failure();
        }
        Names.Place to = task.names.resolve(newDir, newPath, false);
        if (to == null) {
            return task.names.failure();
        }
        if (from.directory.fileSystem != to.directory.fileSystem) {
            return -Errno.EXDEV;
        }
        Inode moved = from.inode;
        Inode other = to.inode;
        if (moved == null) {
            return -Errno.ENOENT;
        }
        if (flags == Uapi.RENAME_NOREPLACE && other != null) {
            return -Errno.EEXIST;
        }
        if (flags == Uapi.RENAME_EXCHANGE) {
            if (other == null) {
                return -Errno.ENOENT;
            }
            from.directory.entries.put(from.name, other);
            to.directory.entries.put(to.name, moved);
            return 0;
        }
        if (moved.equals(other)) {
            return 0;
        }
        if (other instanceof Directory below) {
            if (!(moved instanceof Directory)) {
                return -Errno.EISDIR;
            }
            if (!below.entries.isEmpty()) {
                return -Errno.ENOTEMPTY;
            }
        } else if (other != null && moved instanceof Directory) {
            return -Errno.ENOTDIR;
        }
        to.directory.remove(to.name);
        from.directory.entries.remove(from.name);
        to.directory.entries.put(to.name, moved);
        moved.changed();
        return 0;
    }

    int linkat(int oldDir, byte[] oldPath, int newDir, byte[] newPath, int flags) {
        Inode inode;
        if (oldPath.length == 0 && (flags & Uapi.AT_EMPTY_PATH) != 0) {
            OpenFile file = task.fds.raw(oldDir);
            if (file == null) {
                return -Errno.EBADF;
            }
            inode = file.inode;
        } else {
            Names.Place from = task.names.resolve(oldDir, oldPath, (flags & Uapi.AT_SYMLINK_FOLLOW) != 0);
            if (from == null) {
                return task.names.failure();
            }
            inode = from.inode;
        }
        if (inode == null) {
            return -Errno.ENOENT;
        }
        Names.Place to = task.names.resolve(newDir, newPath, false);
        if (to == null) {
            return task.names.failure();
        }
        if (to.inode != null) {
            return -Errno.EEXIST;
        }
        if (to.directory.fileSystem != inode.fileSystem) {
            return -Errno.EXDEV;
        }
        if (inode instanceof Directory) {
            return -Errno.EPERM;
        }
        to.directory.put(to.name, inode);
        return 0;
    }

    int unlinkat(int dir, byte[] path, int flags) {
        Names.Place place = task.names.resolve(dir, path, false);
        if (place == null) {
            return task.names.failure();
        }
        if (place.inode == null) {
            return -Errno.ENOENT;
        }
        boolean wantsDirectory = (flags & Uapi.AT_REMOVEDIR) != 0;
        if (place.inode instanceof Directory directory) {
            if (!wantsDirectory) {
                return -Errno.EISDIR;
            }
            if (!directory.entries.isEmpty()) {
                return -Errno.ENOTEMPTY;
            }
        } else if (wantsDirectory) {
            return -Errno.ENOTDIR;
        }
        place.directory.remove(place.name);
        return 0;
    }

    /// A new name for what `make` makes.
    private int create(int dir, byte[] path, java.util.function.Function<Directory, @Nullable Inode> make) {
        Names.Place place = task.names.resolve(dir, path, false);
        if (place == null) {
            return task.names.failure();
        }
        if (place.inode != null) {
            return -Errno.EEXIST;
        }
        Inode inode = make.apply(place.directory);
        if (inode == null) {
            return -Errno.EPERM;
        }
        place.directory.put(place.name, inode);
        return 0;
    }

    int mkdirat(int dir, byte[] path, int mode) {
        return create(dir, path, parent -> new Directory(task.machine, parent.fileSystem, parent, mode));
    }

    int mknodat(int dir, byte[] path, int mode) {
        return create(dir, path, parent -> switch (mode & Uapi.S_IFMT) {
            case Uapi.S_IFIFO -> new Pipe(task.machine, parent.fileSystem, mode);
            case 0, Uapi.S_IFREG -> task.newFile(parent.fileSystem, mode);
            default -> null;
        });
    }

    int symlinkat(byte[] target, int dir, byte[] path) {
        return create(dir, path, parent -> new SymbolicLink(task.machine, parent.fileSystem, target));
    }

    long readlinkat(int dir, byte[] path, Memory m, long at, long len) {
        Names.Place place = task.names.resolve(dir, path, false);
        if (place == null) {
            return task.names.failure();
        }
        if (len <= 0) {
            return -Errno.EINVAL;
        }
        byte[] target;
        if (place.inode instanceof SymbolicLink link) {
            target = link.target;
        } else if (place.open != null) {
            target = ("pipe:[" + place.open.inode.number + "]").getBytes(ISO_8859_1);
        } else {
            return place.inode == null ? -Errno.ENOENT : -Errno.EINVAL;
        }
        int part = (int) Math.min(target.length, len);
        m.put(at, target, 0, part);
        return part;
    }
}
