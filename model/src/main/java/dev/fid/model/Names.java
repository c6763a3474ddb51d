package dev.fid.model;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.fid.kernel.Errno;
import dev.fid.kernel.Uapi;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A small tree of names: `/` is ext4, `/dev/shm` is tmpfs, `/dev` has three devices, `/proc/self/fd` the process's
/// own descriptors. Source of the rules: path_resolution(7).
final class Names implements UnixNames {
    /// Where a path leads: the directory of its last name and, if it exists, what that stands for.
    static final class Place {
        final Directory directory;
        final String name;
        final @Nullable Inode inode;
        /// The open file that a link in `/proc/self/fd` names.
        final @Nullable OpenFile open;
        /// The path ends with a slash, so it can only be a directory.
        final boolean mustBeDirectory;

        Place(Directory directory, String name, @Nullable Inode inode, @Nullable OpenFile open, boolean slash) {
            this.directory = directory;
            this.name = name;
            this.inode = inode;
            this.open = open;
            mustBeDirectory = slash;
        }
    }

    private static final int MOST_LINKS = 40;
    private static final String OWN_FDS = "/proc/self/fd/";

    private final FdTable fds;
    private final Directory root;
    private final Map<String, UnixSocket> abstractNames = new HashMap<>();
    private final Map<Inode, UnixSocket> bound = new HashMap<>();
    private final Machine machine;
    /// Result of the last {@link #resolve} that found nothing.
    private int failure;

    Names(Machine machine, FdTable fds, FileSystem disk, FileSystem memory, FileSystem devices) {
        this.machine = machine;
        this.fds = fds;
        root = new Directory(machine, disk, null, 0755);
        root.links = 1;
        root.put("tmp", new Directory(machine, disk, root, 01777));
        Directory dev = new Directory(machine, devices, root, 0755);
        root.put("dev", dev);
        dev.put("null", new Device(machine, devices, FileOperations.Kind.NULL));
        dev.put("zero", new Device(machine, devices, FileOperations.Kind.ZERO));
        dev.put("full", new Device(machine, devices, FileOperations.Kind.FULL));
        dev.put("shm", new Directory(machine, memory, dev, 01777));
    }

    Directory root() {
        return root;
    }

    /// -errno of the last {@link #resolve} that gave null.
    int failure() {
        return failure;
    }

    private @Nullable Place fail(int errno) {
        failure = -errno;
        return null;
    }

    /// Follows `path` from directory descriptor `dir`; null with {@link #failure} where a directory on the way is
    /// missing. The last name need not exist. `follow`: a link at the end is followed too.
    @Nullable
    Place resolve(int dir, byte[] path, boolean follow) {
        String text = new String(path, ISO_8859_1);
        if (text.isEmpty()) {
            return fail(Errno.ENOENT);
        }
        if (text.length() > 4095) {
            return fail(Errno.ENAMETOOLONG);
        }
        Directory from = root;
        if (text.charAt(0) != '/' && dir != Uapi.AT_FDCWD) {
            OpenFile file = fds.raw(dir);
            if (file == null) {
                return fail(Errno.EBADF);
            }
            if (!(file.inode instanceof Directory directory)) {
                return fail(Errno.ENOTDIR);
            }
            from = directory;
        }
        return walk(from, text, follow, 0);
    }

    private @Nullable Place walk(Directory start, String text, boolean follow, int links) {
        if (text.startsWith(OWN_FDS)) {
            return ownFd(text.substring(OWN_FDS.length()));
        }
        Directory at = text.charAt(0) == '/' ? root : start;
        String[] parts = Arrays.stream(text.split("/", -1))
                .filter(part -> !part.isEmpty() && !part.equals("."))
                .toArray(String[]::new);
        boolean slash = text.endsWith("/");
        if (parts.length == 0) {
            return new Place(at, "", at, null, slash);
        }
        for (int i = 0; i < parts.length; i++) {
            String part = parts[i];
            boolean last = i == parts.length - 1;
            if (part.length() > 255) {
                return fail(Errno.ENAMETOOLONG);
            }
            Inode inode = part.equals("..") ? at.parent : at.entries.get(part);
            if (inode instanceof SymbolicLink link && (!last || follow || slash)) {
                if (links == MOST_LINKS) {
                    return fail(Errno.ELOOP);
                }
                String rest = String.join("/", Arrays.copyOfRange(parts, i + 1, parts.length));
                String target = new String(link.target, ISO_8859_1) + (rest.isEmpty() ? "" : "/" + rest);
                return walk(at, target, follow, links + 1);
            }
            if (last) {
                return new Place(at, part, inode, null, slash);
            }
            if (inode == null) {
                return fail(Errno.ENOENT);
            }
            if (!(inode instanceof Directory next)) {
                return fail(Errno.ENOTDIR);
            }
            at = next;
        }
        throw new AssertionError("a path has a last name");
    }

    private @Nullable Place ownFd(String number) {
        OpenFile file;
        try {
            file = fds.raw(Integer.parseInt(number));
        } catch (NumberFormatException _) {
            return fail(Errno.ENOENT);
        }
        return file == null ? fail(Errno.ENOENT) : new Place(root, number, file.inode, file, false);
    }

    @Override
    public int bind(byte[] address, UnixSocket socket) {
        String name = socketName(address);
        if (name.isEmpty()) {
            name = "\0fid-" + socket.number;
        }
        if (name.charAt(0) == 0) {
            return abstractNames.putIfAbsent(name, socket) == null ? 0 : -Errno.EADDRINUSE;
        }
        Place place = resolve(Uapi.AT_FDCWD, name.getBytes(ISO_8859_1), false);
        if (place == null) {
            return failure;
        }
        if (place.inode != null) {
            return -Errno.EADDRINUSE;
        }
        SocketName file = new SocketName(machine, place.directory.fileSystem);
        place.directory.put(place.name, file);
        bound.put(file, socket);
        return 0;
    }

    @Override
    public int find(byte[] address, UnixSocket[] found) {
        String name = socketName(address);
        if (name.isEmpty()) {
            return -Errno.EINVAL;
        }
        UnixSocket socket;
        if (name.charAt(0) == 0) {
            socket = abstractNames.get(name);
        } else {
            Place place = resolve(Uapi.AT_FDCWD, name.getBytes(ISO_8859_1), true);
            if (place == null) {
                return failure;
            }
            if (place.inode == null) {
                return -Errno.ENOENT;
            }
            socket = bound.get(place.inode);
        }
        if (socket == null) {
            return -Errno.ECONNREFUSED;
        }
        found[0] = socket;
        return 0;
    }

    private static String socketName(byte[] address) {
        String name = new String(address, 2, address.length - 2, ISO_8859_1);
        if (name.isEmpty() || name.charAt(0) == 0) {
            return name;
        }
        int end = name.indexOf(0);
        return end < 0 ? name : name.substring(0, end);
    }

    @Override
    public void forget(UnixSocket socket) {
        abstractNames.values().remove(socket);
        bound.values().remove(socket);
    }

    /// The name of a bound unix socket in a directory.
    private static final class SocketName extends Inode {
        SocketName(Machine machine, FileSystem fileSystem) {
            super(machine, fileSystem, Uapi.S_IFSOCK | 0755);
        }

        @Override
        FileOperations operations() {
            return machine.profile.operations(FileOperations.Kind.OTHER);
        }

        @Override
        int poll(OpenFile file) {
            return 0;
        }
    }
}
