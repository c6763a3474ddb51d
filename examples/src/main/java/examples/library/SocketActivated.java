package examples.library;

import dev.fid.Fd;
import dev.fid.transfer.Transfer;
import java.io.IOException;
import java.nio.file.Path;

/// A service that systemd starts when somebody connects: it sends a file to each peer, COUNT times, then ends.
///
///     systemd-socket-activate -l 7000 bin/example SocketActivated FILE COUNT
///
/// The listening socket is descriptor 3, opened by systemd, maybe with a port that we had no right to take. It is
/// borrowed: Fid neither closes it nor changes its flags. Source: sd_listen_fds(3).
public final class SocketActivated {
    private static final int FIRST = 3; // SD_LISTEN_FDS_START

    private SocketActivated() {}

    public static void main(String... arguments) throws IOException {
        // tag::listen[]
        String pid = System.getenv("LISTEN_PID");
        String count = System.getenv("LISTEN_FDS");
        // The variables are inherited by children: they are meant for the process that they name.
        if (count == null
                || pid == null
                || Long.parseLong(pid) != ProcessHandle.current().pid()) {
            System.err.println("no sockets passed: start it under systemd-socket-activate");
            System.exit(1);
        }
        Fd listener = Fd.borrow(FIRST);
        // end::listen[]
        for (int i = 0; i < Integer.parseInt(arguments[1]); i++) {
            try (Fd socket = Accepting.next(listener);
                    Fd in = Fd.open(Path.of(arguments[0]))) {
                System.err.println(Transfer.from(in).to(socket).run());
                socket.shutdownOutput();
            }
        }
    }
}
