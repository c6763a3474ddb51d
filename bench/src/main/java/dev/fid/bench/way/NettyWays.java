package dev.fid.bench.way;

import dev.fid.bench.bed.Bed;
import dev.fid.bench.bed.BedEnd;
import dev.fid.bench.measure.Stopwatch;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.DefaultFileRegion;
import io.netty.channel.ManualIoEventLoop;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollSocketChannel;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// What a Netty program would do, on its epoll transport, the event loop run by the measured thread itself.
public final class NettyWays {
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(60);
    private static final long TURN_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private NettyWays() {}

    /// A file as FileRegion: sendfile.
    public static Runner fileRegion() {
        return way((loop, bed) -> {
            Channel out = loop.connect(bed.outs().getFirst(), new Arrival(loop));
            loop.start();
            out.writeAndFlush(new DefaultFileRegion(
                            bed.in().path().toFile(), 0, bed.content().length()))
                    .addListener(done -> loop.finish(out, done.cause()));
        });
    }

    /// One socket spliced into another.
    @SuppressWarnings("deprecation") // it is what Netty has, until it has another
    public static Runner splice() {
        return way((loop, bed) -> {
            EpollSocketChannel out = loop.connect(bed.outs().getFirst(), new Arrival(loop));
            EpollSocketChannel in = loop.connect(bed.in(), new Spliced());
            loop.start();
            in.spliceTo(out, Math.toIntExact(bed.content().length()))
                    .addListener(done -> loop.finish(out, done.cause()));
            in.config().setAutoRead(true);
        });
    }

    /// Read into a buffer, written from it; reading waits while the output takes no more.
    public static Runner buffers() {
        return way((loop, bed) -> {
            EpollSocketChannel out = loop.connect(bed.outs().getFirst(), new Arrival(loop));
            Relaying relaying = new Relaying(loop, out);
            EpollSocketChannel in = loop.connect(bed.in(), relaying);
            out.pipeline().addLast(new ChannelInboundHandlerAdapter() {
                @Override
                public void channelWritabilityChanged(ChannelHandlerContext context) {
                    in.config().setAutoRead(context.channel().isWritable());
                }
            });
            loop.start();
            in.config().setAutoRead(true);
        });
    }

    /// Begins to move; {@link Loop#finish} is called when the last byte was written.
    private interface Moving {
        void begin(Loop loop, Bed bed) throws IOException;
    }

    private static Runner way(Moving moving) {
        EpollIoHandler.newFactory(); // a LinkageError where there is no native part
        return (bed, watch) -> {
            Loop loop = new Loop(watch);
            try {
                moving.begin(loop, bed);
                loop.until(() -> loop.arrived || loop.failure != null);
                Throwable failure = loop.failure;
                if (failure != null) {
                    throw new IOException("Netty: " + failure, failure);
                }
                return new Runner.Outcome(watch.stop(bed.content().length()), null);
            } finally {
                loop.close();
            }
        };
    }

    /// An event loop on the calling thread.
    private static final class Loop {
        final ManualIoEventLoop events = new ManualIoEventLoop(Thread.currentThread(), EpollIoHandler.newFactory());
        private final Stopwatch watch;
        private boolean arrived;
        private @Nullable Throwable failure;

        Loop(Stopwatch watch) {
            this.watch = watch;
        }

        interface Condition {
            boolean holds();
        }

        void until(Condition condition) throws IOException {
            long deadline = System.nanoTime() + PATIENCE_NANOS;
            while (!condition.holds()) {
                events.run(TURN_NANOS);
                if (System.nanoTime() > deadline) {
                    throw new IOException("Netty: nothing came for a minute");
                }
            }
        }

        EpollSocketChannel connect(BedEnd end, ChannelInboundHandlerAdapter handler) throws IOException {
            ChannelFuture connected = new Bootstrap()
                    .group(events)
                    .channel(EpollSocketChannel.class)
                    .option(ChannelOption.TCP_NODELAY, true)
                    .option(ChannelOption.AUTO_READ, handler instanceof Arrival) // the inputs when all is ready
                    .option(ChannelOption.ALLOW_HALF_CLOSURE, handler instanceof Spliced)
                    .handler(handler)
                    .connect(end.address());
            until(connected::isDone);
            if (!connected.isSuccess()) {
                throw new IOException("Netty: " + connected.cause(), connected.cause());
            }
            return (EpollSocketChannel) connected.channel();
        }

        void start() {
            watch.start();
        }

        /// All is written: what the peer says then is that it has arrived.
        void finish(Channel out, @Nullable Throwable cause) {
            if (cause != null) {
                failure = cause;
            } else {
                var _ = ((EpollSocketChannel) out).shutdownOutput();
            }
        }

        void close() {
            var _ = events.shutdownGracefully(0, 0, TimeUnit.SECONDS);
            long deadline = System.nanoTime() + PATIENCE_NANOS;
            while (!events.isTerminated() && System.nanoTime() < deadline) {
                events.run(TURN_NANOS);
            }
        }
    }

    /// The byte that the peer sends at the end.
    private static final class Arrival extends ChannelInboundHandlerAdapter {
        private final Loop loop;

        Arrival(Loop loop) {
            this.loop = loop;
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            io.netty.util.ReferenceCountUtil.release(message);
            loop.arrived = true;
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            loop.failure = cause;
        }
    }

    /// The input of a splice: whether it went well is told by its future. Without half-closure Netty closes
    /// it once the peer has closed, with what a pipe could not take yet still in it
    /// (AbstractEpollStreamChannel, 4.2.18: after spliceIn in epollInReady). At the end of the input it reads
    /// once more into a pipe that it has closed already.
    private static final class Spliced extends ChannelInboundHandlerAdapter {
        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {}
    }

    private static final class Relaying extends ChannelInboundHandlerAdapter {
        private final Loop loop;
        private final Channel out;

        Relaying(Loop loop, Channel out) {
            this.loop = loop;
            this.out = out;
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            var _ = out.write(message); // what fails here fails at the last flush, too
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext context) {
            out.flush();
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            out.writeAndFlush(io.netty.buffer.Unpooled.EMPTY_BUFFER)
                    .addListener(done -> loop.finish(out, done.cause()));
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            loop.failure = cause;
        }
    }
}
