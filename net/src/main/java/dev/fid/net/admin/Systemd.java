package dev.fid.net.admin;

import dev.fid.Fd;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Memory;
import dev.fid.kernel.Uapi;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The service manager that started us, where there is one: it is told how we are, and may have opened our
/// sockets. Source: sd_notify(3), sd_listen_fds(3), sd_watchdog_enabled(3).
public final class Systemd {
    private static final int FIRST = 3; // SD_LISTEN_FDS_START

    private final Kernel kernel = Kernel.linux();
    private final Map<String, String> environment;

    /// @param environment NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID, LISTEN_FDS, LISTEN_PID, LISTEN_FDNAMES
    public Systemd(Map<String, String> environment) {
        this.environment = environment;
    }

    /// Tells `READY=1`, `RELOADING=1`, `STOPPING=1`, `STATUS=...`; more of them are lines. Without a manager, and
    /// where it does not listen, nothing happens.
    public void tell(String state) {
        String path = environment.getOrDefault("NOTIFY_SOCKET", "");
        if (!path.startsWith("/") && !path.startsWith("@")) {
            return;
        }
        int socket = kernel.socket(Uapi.AF_UNIX, Uapi.SOCK_DGRAM | Uapi.SOCK_CLOEXEC, 0);
        if (socket < 0) {
            return;
        }
        try (Fd fd = Fd.own(kernel, socket, "notify");
                Memory memory = kernel.allocate(4096)) {
            byte[] name = path.getBytes(StandardCharsets.UTF_8);
            ByteBuffer address = ByteBuffer.allocate(2 + name.length).order(ByteOrder.nativeOrder());
            address.putShort((short) Uapi.AF_UNIX).put(name);
            if (path.startsWith("@")) {
                address.put(2, (byte) 0);
            }
            byte[] text = state.getBytes(StandardCharsets.UTF_8);
            memory.put(0, text, 0, Math.min(text.length, 4096));
            if (kernel.connect(fd.number(), address.array()) == 0) {
                kernel.send(fd.number(), memory, 0, Math.min(text.length, 4096), Uapi.MSG_NOSIGNAL);
            }
        }
    }

    /// Tells that it reads its configuration again; {@link #tell} `READY=1` when it has. For `Type=notify-reload` the
    /// time goes with it. Source: systemd.service(5).
    public void tellReloading() {
        tell("RELOADING=1\nMONOTONIC_USEC=" + kernel.nanoTime() / 1000);
    }

    /// Nanoseconds between two `WATCHDOG=1`, half of what the manager waits; 0 where it does not watch.
    public long watchdogNanos() {
        String micros = environment.getOrDefault("WATCHDOG_USEC", "");
        String pid = environment.getOrDefault("WATCHDOG_PID", "");
        boolean ours = pid.isEmpty()
                || pid.equals(Long.toString(ProcessHandle.current().pid()));
        return ours && micros.matches("[0-9]{1,15}") ? Long.parseLong(micros) * 500 : 0;
    }

    /// The sockets that it opened for us, by their numbers: they listen, and are not passed on to
    /// children. A relay makes them non-blocking while it runs, and gives them back as they came.
    public List<Fd> sockets() throws ErrnoException {
        List<Fd> sockets = new ArrayList<>();
        for (int number : numbers().keySet()) {
            sockets.add(take(number));
        }
        return sockets;
    }

    /// Number to name.
    Map<Integer, String> numbers() {
        Map<Integer, String> numbers = new LinkedHashMap<>();
        String count = environment.getOrDefault("LISTEN_FDS", "");
        String pid = environment.getOrDefault("LISTEN_PID", "");
        if (count.matches("[0-9]{1,4}")
                && pid.equals(Long.toString(ProcessHandle.current().pid()))) {
            List<String> names =
                    List.of(environment.getOrDefault("LISTEN_FDNAMES", "").split(":", -1));
            for (int i = 0; i < Integer.parseInt(count); i++) {
                numbers.put(FIRST + i, i < names.size() ? names.get(i) : "");
            }
        }
        return numbers;
    }

    /// Takes over a descriptor that listens.
    ///
    /// @throws ErrnoException EBADF, ENOTSOCK; EINVAL where it does not listen
    public Fd take(int number) throws ErrnoException {
        int listens = kernel.getsockopt(number, Uapi.SOL_SOCKET, Uapi.SO_ACCEPTCONN);
        if (listens <= 0) {
            int errno = listens < 0 ? -listens : dev.fid.kernel.Errno.EINVAL;
            throw new ErrnoException("getsockopt", number + ", SO_ACCEPTCONN", errno);
        }
        kernel.fcntl(number, Uapi.F_SETFD, Uapi.FD_CLOEXEC);
        kernel.setsockopt(number, Uapi.IPPROTO_TCP, Uapi.TCP_NODELAY, 1);
        return Fd.own(kernel, number, "");
    }
}
