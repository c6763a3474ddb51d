import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/// A TCP relay on plain NIO: a selector for each thread, and a direct buffer of 64 KiB for each direction.
///
///     java NioRelay THREADS LISTEN_ADDRESS LISTEN_PORT UPSTREAM_ADDRESS UPSTREAM_PORT
public final class NioRelay {
    private static final int BUFFER = 64 << 10;

    private final InetSocketAddress upstream;
    private final Selector selector = Selector.open();
    private final Queue<SocketChannel> arrived = new ConcurrentLinkedQueue<>();

    private NioRelay(InetSocketAddress upstream) throws IOException {
        this.upstream = upstream;
    }

    public static void main(String[] args) throws IOException {
        InetSocketAddress upstream = new InetSocketAddress(args[3], Integer.parseInt(args[4]));
        NioRelay[] loops = new NioRelay[Integer.parseInt(args[0])];
        for (int i = 0; i < loops.length; i++) {
            NioRelay loop = loops[i] = new NioRelay(upstream);
            new Thread(loop::run, "loop-" + i).start();
        }
        ServerSocketChannel server = ServerSocketChannel.open();
        server.bind(new InetSocketAddress(args[1], Integer.parseInt(args[2])), 4096);
        for (int turn = 0; ; turn++) {
            NioRelay loop = loops[turn % loops.length];
            loop.arrived.add(server.accept());
            loop.selector.wakeup();
        }
    }

    /// One side of a connection, and what was read from it and not yet written to the other.
    private static final class Side {
        final SocketChannel channel;
        final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER).limit(0);
        SelectionKey key;
        Side other;
        boolean ended;
        boolean shut;

        Side(SocketChannel channel) {
            this.channel = channel;
        }
    }

    private void run() {
        try {
            while (true) {
                selector.select(this::ready);
                for (SocketChannel client = arrived.poll(); client != null; client = arrived.poll()) {
                    join(client);
                }
            }
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private void join(SocketChannel client) throws IOException {
        SocketChannel channel = SocketChannel.open();
        Side left = new Side(client);
        Side right = new Side(channel);
        left.other = right;
        right.other = left;
        for (Side side : new Side[] {left, right}) {
            side.channel.configureBlocking(false);
            side.channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        }
        boolean connected = channel.connect(upstream);
        left.key = client.register(selector, connected ? SelectionKey.OP_READ : 0, left);
        right.key = channel.register(selector, connected ? SelectionKey.OP_READ : SelectionKey.OP_CONNECT, right);
    }

    private void ready(SelectionKey key) {
        Side side = (Side) key.attachment();
        if (!key.isValid()) {
            return; // its connection ended in this turn
        }
        try {
            if (key.isConnectable()) {
                side.channel.finishConnect();
                interest(side);
                interest(side.other);
                return;
            }
            if (key.isReadable()) {
                move(side);
            }
            if (key.isValid() && key.isWritable()) {
                move(side.other);
            }
        } catch (IOException e) {
            reset(side);
            reset(side.other);
        }
    }

    private static void reset(Side side) {
        try {
            side.channel.setOption(StandardSocketOptions.SO_LINGER, 0);
            side.channel.close();
        } catch (IOException e) {
            // It is closed all the same.
        }
    }

    private static void move(Side from) throws IOException {
        if (!from.buffer.hasRemaining() && !from.ended) {
            from.buffer.clear();
            from.ended = from.channel.read(from.buffer) < 0;
            from.buffer.flip();
        }
        if (from.buffer.hasRemaining()) {
            from.other.channel.write(from.buffer);
        }
        if (from.ended && !from.shut && !from.buffer.hasRemaining()) {
            from.shut = true;
            from.other.channel.shutdownOutput();
            if (from.other.shut) {
                from.channel.close();
                from.other.channel.close();
                return;
            }
        }
        interest(from);
        interest(from.other);
    }

    /// Reads while nothing is left to write, and waits for the other side while something is.
    private static void interest(Side side) {
        if (!side.key.isValid()) {
            return;
        }
        boolean reads = !side.ended && !side.buffer.hasRemaining();
        boolean writes = side.other.buffer.hasRemaining();
        int wanted = (reads ? SelectionKey.OP_READ : 0) | (writes ? SelectionKey.OP_WRITE : 0);
        if (side.key.interestOps() != wanted) {
            side.key.interestOps(wanted);
        }
    }
}
