package dev.fid.net.terms;

import static dev.fid.kernel.Uapi.*;

import dev.fid.Fd;
import dev.fid.kernel.Kernel;
import dev.fid.wait.Deadline;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// Options of a socket to an upstream, or of a listener, whose connections inherit them.
///
/// @param noDelay whether small messages go at once (TCP_NODELAY)
/// @param keepAlive idle time before TCP asks whether the peer is still there; null for not
/// @param userTimeout how long sent bytes may stay unacknowledged (TCP_USER_TIMEOUT); null for the kernel's
/// @param receiveBuffer SO_RCVBUF; 0 for the kernel's
/// @param sendBuffer SO_SNDBUF; 0 for the kernel's
public record SocketTerms(
        boolean noDelay,
        @Nullable Duration keepAlive,
        @Nullable Duration userTimeout,
        int receiveBuffer,
        int sendBuffer) {
    /// Those that a kind of socket lacks are refused, which is no loss.
    public void apply(Fd socket) {
        Kernel kernel = socket.kernel();
        if (!noDelay) { // core sets it on all sockets
            kernel.setsockopt(socket.number(), IPPROTO_TCP, TCP_NODELAY, 0);
        }
        if (keepAlive != null) {
            kernel.setsockopt(socket.number(), SOL_SOCKET, SO_KEEPALIVE, 1);
            int seconds = Math.clamp(keepAlive.toSeconds(), 1, 32767);
            kernel.setsockopt(socket.number(), IPPROTO_TCP, TCP_KEEPIDLE, seconds);
            kernel.setsockopt(socket.number(), IPPROTO_TCP, TCP_KEEPINTVL, Math.max(1, seconds / 4));
        }
        if (userTimeout != null) {
            int millis = Math.clamp(Deadline.nanos(userTimeout) / 1_000_000, 1, Integer.MAX_VALUE);
            kernel.setsockopt(socket.number(), IPPROTO_TCP, TCP_USER_TIMEOUT, millis);
        }
        if (receiveBuffer > 0) {
            kernel.setsockopt(socket.number(), SOL_SOCKET, SO_RCVBUF, receiveBuffer);
        }
        if (sendBuffer > 0) {
            kernel.setsockopt(socket.number(), SOL_SOCKET, SO_SNDBUF, sendBuffer);
        }
    }

    /// As {@link #apply} for a listener that had other options before. Buffers that were set stay where these leave
    /// them
    /// to the kernel.
    public void change(Fd socket) {
        Kernel kernel = socket.kernel();
        kernel.setsockopt(socket.number(), IPPROTO_TCP, TCP_NODELAY, 1);
        kernel.setsockopt(socket.number(), SOL_SOCKET, SO_KEEPALIVE, 0);
        kernel.setsockopt(socket.number(), IPPROTO_TCP, TCP_USER_TIMEOUT, 0);
        apply(socket);
    }
}
