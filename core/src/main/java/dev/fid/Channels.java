package dev.fid;

import java.io.FileDescriptor;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.channels.Channel;
import java.nio.channels.FileChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

/// The numbers inside of the JDK's channels, which has no public way to them. Reading a private field is refused
/// unless the command line opens its package; a number found in any other way (scanning /proc/self/fd, Unsafe,
/// JNI through the linker) can be another file's. Tried on JDK 25.
final class Channels {
    private Channels() {}

    static int number(FileDescriptor descriptor) {
        try {
            VarHandle fd = MethodHandles.privateLookupIn(FileDescriptor.class, MethodHandles.lookup())
                    .findVarHandle(FileDescriptor.class, "fd", int.class);
            return valid((int) fd.get(descriptor), descriptor);
        } catch (ReflectiveOperationException e) {
            throw closed("FileDescriptor", "java.io", "Fd.open(path)", e);
        }
    }

    static int number(FileChannel channel) {
        return number(channel, "sun.nio.ch.FileChannelImpl", "Fd.open(path)");
    }

    static int number(SocketChannel channel) {
        return number(
                channel,
                "sun.nio.ch.SocketChannelImpl",
                "Fd.connect(address), or with Netty's epoll transport by"
                        + " Fd.borrow(((UnixChannel) channel).fd().intValue())");
    }

    static int number(ServerSocketChannel channel) {
        return number(channel, "sun.nio.ch.ServerSocketChannelImpl", "Fd.listen(address)");
    }

    static int number(java.nio.channels.Pipe.SourceChannel channel) {
        return number(channel, "sun.nio.ch.SourceChannelImpl", "Pipe.open()");
    }

    static int number(java.nio.channels.Pipe.SinkChannel channel) {
        return number(channel, "sun.nio.ch.SinkChannelImpl", "Pipe.open()");
    }

    private static int number(Channel channel, String implementation, String instead) {
        try {
            Class<?> type = Class.forName(implementation);
            if (!type.isInstance(channel)) {
                throw new UnsupportedOperationException(channel.getClass().getName()
                        + " is not the JDK's own channel, so Fid cannot know its descriptor; open it with " + instead);
            }
            VarHandle fd = MethodHandles.privateLookupIn(type, MethodHandles.lookup())
                    .findVarHandle(type, "fd", FileDescriptor.class);
            return number((FileDescriptor) fd.get(channel));
        } catch (ReflectiveOperationException e) {
            throw closed(channel.getClass().getSimpleName(), "sun.nio.ch", instead, e);
        }
    }

    private static int valid(int number, Object owner) {
        if (number < 0) {
            throw new IllegalStateException(owner + " is closed");
        }
        return number;
    }

    private static UnsupportedOperationException closed(String what, String inner, String instead, Exception cause) {
        String module = Channels.class.getModule().isNamed()
                ? Channels.class.getModule().getName()
                : "ALL-UNNAMED";
        return new UnsupportedOperationException(
                "the JDK does not tell the descriptor of a " + what + ": open it with " + instead
                        + ", or start java with --add-opens java.base/java.io=" + module
                        + (inner.equals("java.io") ? "" : " --add-opens java.base/" + inner + "=" + module),
                cause);
    }
}
