package dev.fid.bridge;

import dev.fid.Fd;
import dev.fid.transfer.Transfer;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.ByteChannel;

/// The bytes of an {@link Fd} as streams and channels of the JDK. They wait in a way that suits the thread, and are
/// ended by {@link Fd#close} from any thread, as java.nio has it.
public final class Streams {
    private Streams() {}

    /// The bytes of `fd` as a stream. Closing the stream closes `fd`. `transferTo` a stream of {@link #output} is a
    /// {@link Transfer}.
    public static InputStream input(Fd fd) {
        return new FdInputStream(fd);
    }

    /// A stream that writes to `fd`. Closing the stream closes `fd`.
    public static OutputStream output(Fd fd) {
        return new FdOutputStream(fd);
    }

    /// `fd` as a channel, blocking as far as the caller can see. Closing the channel closes `fd`.
    public static ByteChannel channel(Fd fd) {
        return new FdChannel(fd);
    }
}
