package dev.fid.model;

import dev.fid.kernel.Errno;
import dev.fid.kernel.Uapi;

/// poll(2) and epoll(7).
final class WaitCalls {
    private final Task task;
    private final Machine machine;
    private final FileCalls files;

    WaitCalls(Task task, FileCalls files) {
        this.task = task;
        machine = task.machine;
        this.files = files;
    }

    private long deadline(int millis) {
        return millis < 0 ? Long.MAX_VALUE : machine.clock.nanos() + millis * 1_000_000L;
    }

    int poll(int[] fds, short[] events, short[] revents, int count, int millis) {
        long deadline = deadline(millis);
        while (true) {
            int ready = 0;
            for (int i = 0; i < count; i++) {
                revents[i] = (short) ready(fds[i], events[i]);
                ready += revents[i] == 0 ? 0 : 1;
            }
            if (ready > 0 || millis == 0 || !machine.sleep(machine.changes(), deadline)) {
                return ready;
            }
        }
    }

    private int ready(int fd, int events) {
        if (fd < 0) {
            return 0;
        }
        OpenFile file = task.fds.get(fd);
        return file == null ? Uapi.POLLNVAL : file.inode.poll(file) & (events | Uapi.POLLERR | Uapi.POLLHUP);
    }

    int epollCreate(int flags) {
        if ((flags & ~Uapi.EPOLL_CLOEXEC) != 0) {
            return -Errno.EINVAL;
        }
        Epoll epoll = new Epoll(machine, task.anonymous);
        return files.install(new OpenFile(epoll, Uapi.O_RDWR), (flags & Uapi.EPOLL_CLOEXEC) != 0);
    }

    int epollCtl(int epoll, int operation, int fd, int events, long data) {
        OpenFile list = task.fds.get(epoll);
        OpenFile file = task.fds.get(fd);
        if (list == null || file == null) {
            return -Errno.EBADF;
        }
        if (!file.inode.pollable()) {
            return -Errno.EPERM;
        }
        if (!(list.inode instanceof Epoll own) || list == file) {
            return -Errno.EINVAL;
        }
        return own.control(operation, fd, file, events, data);
    }

    int epollWait(int epoll, int[] events, long[] data, int millis) {
        int most = Math.min(events.length, data.length);
        OpenFile list = task.fds.get(epoll);
        if (most <= 0) {
            return -Errno.EINVAL;
        }
        if (list == null) {
            return -Errno.EBADF;
        }
        if (!(list.inode instanceof Epoll own)) {
            return -Errno.EINVAL;
        }
        long deadline = deadline(millis);
        while (true) {
            int ready = own.collect(events, data, most);
            if (ready > 0 || millis == 0 || !machine.sleep(machine.changes(), deadline)) {
                return ready;
            }
        }
    }
}
