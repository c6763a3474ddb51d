package dev.fid.model;

import dev.fid.kernel.Errno;
import dev.fid.kernel.Uapi;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The interest list of epoll(7). An edge is a change of the file since its last report that the interest names; the
/// model reports every edge of Linux and, for a pipe or socket that was not full before, some more.
final class Epoll extends Inode {
    private record Key(int fd, OpenFile file) {}

    private static final class Item {
        int events;
        long data;
        int arrivals;
        int departures;
        boolean fresh = true;
        boolean disabled;
    }

    private static final int ALWAYS = Uapi.EPOLLERR | Uapi.EPOLLHUP;

    private final Map<Key, Item> items = new LinkedHashMap<>();

    Epoll(Machine machine, FileSystem fileSystem) {
        super(machine, fileSystem, 0600);
    }

    @Override
    FileOperations operations() {
        return machine.profile.operations(FileOperations.Kind.OTHER);
    }

    /// `noop_llseek`, since Linux 2.6.37: a position that stays 0, though there is no pread.
    @Override
    boolean seekable() {
        return machine.profile.seeksAnything();
    }

    @Override
    boolean positioned() {
        return false;
    }

    @Override
    long seek(OpenFile file, long off, int whence) {
        return 0;
    }

    /// `ep_eventpoll_ioctl`, since Linux 6.9.
    @Override
    int fionread(OpenFile file) {
        return machine.profile.asksEpoll() ? -Errno.EINVAL : super.fionread(file);
    }

    @Override
    boolean readableKind() {
        return false;
    }

    @Override
    boolean writableKind() {
        return false;
    }

    int control(int operation, int fd, OpenFile file, int events, long data) {
        Key key = new Key(fd, file);
        Item item = items.get(key);
        switch (operation) {
            case Uapi.EPOLL_CTL_ADD -> {
                if (item != null) {
                    return -Errno.EEXIST;
                }
                item = new Item();
                items.put(key, item);
            }
            case Uapi.EPOLL_CTL_MOD -> {
                if (item == null) {
                    return -Errno.ENOENT;
                }
                if ((item.events & Uapi.EPOLLEXCLUSIVE) != 0 || (events & Uapi.EPOLLEXCLUSIVE) != 0) {
                    return -Errno.EINVAL;
                }
            }
            case Uapi.EPOLL_CTL_DEL -> {
                return items.remove(key) == null ? -Errno.ENOENT : 0;
            }
            default -> {
                return -Errno.EINVAL;
            }
        }
        item.events = events | ALWAYS;
        item.data = data;
        item.fresh = true;
        item.disabled = false;
        machine.wake();
        return 0;
    }

    /// Reports at most `most` ready files.
    int collect(int[] events, long[] data, int most) {
        items.keySet().removeIf(key -> key.file.closed());
        int count = 0;
        List<Key> reported = new ArrayList<>();
        for (Map.Entry<Key, Item> entry : items.entrySet()) {
            if (count == most) {
                break;
            }
            Item item = entry.getValue();
            int ready = ready(entry.getKey().file, item);
            if (ready != 0) {
                events[count] = ready;
                data[count] = item.data;
                count++;
                reported.add(entry.getKey());
                Inode inode = entry.getKey().file.inode;
                item.fresh = false;
                item.arrivals = inode.arrivals();
                item.departures = inode.departures();
                item.disabled = (item.events & Uapi.EPOLLONESHOT) != 0;
            }
        }
        // the others come first the next time
        for (Key key : reported) {
            Item item = items.remove(key);
            if (item != null) {
                items.put(key, item);
            }
        }
        return count;
    }

    private int ready(OpenFile file, Item item) {
        if (item.disabled) {
            return 0;
        }
        int mask = file.inode.poll(file) & item.events;
        if (mask == 0 || item.fresh || (item.events & Uapi.EPOLLET) == 0) {
            return mask;
        }
        boolean arrived = file.inode.arrivals() != item.arrivals;
        boolean departed = file.inode.departures() != item.departures;
        boolean in = (item.events & (Uapi.EPOLLIN | Uapi.EPOLLRDHUP)) != 0;
        boolean out = (item.events & Uapi.EPOLLOUT) != 0;
        boolean ended = (arrived || departed) && (mask & ALWAYS) != 0;
        return (arrived && in) || (departed && out) || ended ? mask : 0;
    }

    @Override
    int poll(OpenFile file) {
        for (Map.Entry<Key, Item> entry : items.entrySet()) {
            if (!entry.getKey().file.closed() && ready(entry.getKey().file, entry.getValue()) != 0) {
                return Uapi.POLLIN;
            }
        }
        return 0;
    }

    @Override
    void evict() {
        items.clear();
    }
}
