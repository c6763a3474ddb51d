package dev.fid.model;

import dev.fid.kernel.Errno;
import dev.fid.kernel.Memory;
import dev.fid.kernel.Uapi;
import org.jspecify.annotations.Nullable;

/// The socket calls. Source: net/socket.c of Linux 6.18.
final class SocketCalls {
    private final Task task;
    private final FileCalls files;

    SocketCalls(Task task, FileCalls files) {
        this.task = task;
        this.files = files;
    }

    private int install(Socket socket, int flags) {
        OpenFile file = new OpenFile(socket, Uapi.O_RDWR | (flags & Uapi.SOCK_NONBLOCK));
        return files.install(file, (flags & Uapi.SOCK_CLOEXEC) != 0);
    }

    int socket(int domain, int type, int protocol) {
        int kind = type & 0xf;
        if ((type & ~(0xf | Uapi.SOCK_NONBLOCK | Uapi.SOCK_CLOEXEC)) != 0) {
            return -Errno.EINVAL;
        }
        if (domain == Uapi.AF_UNIX) {
            return switch (kind) {
                case Uapi.SOCK_STREAM, Uapi.SOCK_DGRAM ->
                    install(new UnixSocket(task.machine, task.sockets, kind, task.names), type);
                default -> -Errno.ESOCKTNOSUPPORT;
            };
        }
        if (domain == Uapi.AF_INET || domain == Uapi.AF_INET6) {
            return switch (kind) {
                case Uapi.SOCK_STREAM, Uapi.SOCK_DGRAM -> install(task.loopback.socket(domain, kind), type);
                default -> -Errno.ESOCKTNOSUPPORT;
            };
        }
        return -Errno.EAFNOSUPPORT;
    }

    int socketpair(int domain, int type, int protocol, int[] ends) {
        int kind = type & 0xf;
        if ((type & ~(0xf | Uapi.SOCK_NONBLOCK | Uapi.SOCK_CLOEXEC)) != 0) {
            return -Errno.EINVAL;
        }
        if (domain != Uapi.AF_UNIX) {
            return domain == Uapi.AF_INET || domain == Uapi.AF_INET6 ? -Errno.EOPNOTSUPP : -Errno.EAFNOSUPPORT;
        }
        if (kind != Uapi.SOCK_STREAM && kind != Uapi.SOCK_DGRAM) {
            return -Errno.ESOCKTNOSUPPORT;
        }
        UnixSocket a = new UnixSocket(task.machine, task.sockets, kind, task.names);
        UnixSocket b = new UnixSocket(task.machine, task.sockets, kind, task.names);
        UnixSocket.connect(a, b);
        int first = install(a, type);
        if (first < 0) {
            return first;
        }
        int second = install(b, type);
        if (second < 0) {
            task.fds.close(first);
            return second;
        }
        ends[0] = first;
        ends[1] = second;
        return 0;
    }

    private @Nullable Socket socket(int fd) {
        OpenFile file = task.fds.get(fd);
        return file != null && file.inode instanceof Socket socket ? socket : null;
    }

    /// Why {@link #socket} gave null.
    private int refusal(int fd) {
        return task.fds.get(fd) == null ? -Errno.EBADF : -Errno.ENOTSOCK;
    }

    private boolean nonblocking(int fd) {
        OpenFile file = task.fds.get(fd);
        return file != null && file.nonblocking();
    }

    int bind(int fd, byte[] address) {
        Socket socket = socket(fd);
        return socket == null ? refusal(fd) : socket.bind(address);
    }

    int listen(int fd, int backlog) {
        Socket socket = socket(fd);
        return socket == null ? refusal(fd) : socket.listen(backlog);
    }

    int accept4(int fd, int flags) {
        if ((flags & ~(Uapi.SOCK_NONBLOCK | Uapi.SOCK_CLOEXEC)) != 0) {
            return -Errno.EINVAL;
        }
        Socket socket = socket(fd);
        if (socket == null) {
            return refusal(fd);
        }
        int free = task.fds.free(0);
        if (free < 0) {
            return free;
        }
        if (!socket.listening()) {
            return socket.kind == Uapi.SOCK_STREAM ? -Errno.EINVAL : -Errno.EOPNOTSUPP;
        }
        while (!socket.acceptable()) {
            if (!socket.listening()) {
                return -Errno.EINVAL;
            }
            if (nonblocking(fd)) {
                return -Errno.EAGAIN;
            }
            task.machine.sleep();
        }
        Socket accepted = socket.accept();
        return accepted == null ? -Errno.EAGAIN : install(accepted, flags);
    }

    int connect(int fd, byte[] address) {
        Socket socket = socket(fd);
        return socket == null ? refusal(fd) : socket.connect(address, nonblocking(fd));
    }

    int shutdown(int fd, int how) {
        Socket socket = socket(fd);
        return socket == null ? refusal(fd) : socket.shutDown(how);
    }

    long recv(int fd, Memory m, long at, long len, int flags) {
        Socket socket = socket(fd);
        if (socket == null) {
            return refusal(fd);
        }
        UserIter to = UserIter.of(task.machine, task.space, ModelMemory.address(m, at, len), len);
        to.truncate(Splice.MOST);
        return socket.receive(to, nonblocking(fd) ? flags | Uapi.MSG_DONTWAIT : flags);
    }

    long send(int fd, Memory m, long at, long len, int flags) {
        Socket socket = socket(fd);
        if (socket == null) {
            return refusal(fd);
        }
        UserIter from = UserIter.of(task.machine, task.space, ModelMemory.address(m, at, len), len);
        from.truncate(Splice.MOST);
        return socket.send(from, nonblocking(fd) ? flags | Uapi.MSG_DONTWAIT : flags);
    }

    int name(int fd, byte[] address, boolean own) {
        Socket socket = socket(fd);
        if (socket == null) {
            return refusal(fd);
        }
        byte[] name = own ? socket.name() : socket.peerName();
        if (name == null) {
            if (!own) {
                return -Errno.ENOTCONN;
            }
            name = task.loopback.any(socket.domain);
        }
        System.arraycopy(name, 0, address, 0, Math.min(name.length, address.length));
        return name.length;
    }

    int setsockopt(int fd, int level, int option, int value) {
        Socket socket = socket(fd);
        return socket == null ? refusal(fd) : socket.setOption(level, option, value);
    }

    int setLinger(int fd, boolean on, int seconds) {
        Socket socket = socket(fd);
        return socket == null ? refusal(fd) : socket.setLinger(on, seconds);
    }

    int getsockopt(int fd, int level, int option) {
        Socket socket = socket(fd);
        return socket == null ? refusal(fd) : socket.option(level, option);
    }
}
