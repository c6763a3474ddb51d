import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;

/// A TCP relay on Netty 4.2 as its own proxy example has it, on the native epoll transport: bytes are copied through
/// pooled buffers, the next read is asked for when a write is done, and half-closes are passed on.
///
///     java NettyRelay THREADS LISTEN_ADDRESS LISTEN_PORT UPSTREAM_ADDRESS UPSTREAM_PORT
public final class NettyRelay {
    public static void main(String[] args) throws InterruptedException {
        EventLoopGroup group =
                new MultiThreadIoEventLoopGroup(Integer.parseInt(args[0]), EpollIoHandler.newFactory());
        new ServerBootstrap()
                .group(group)
                .channel(EpollServerSocketChannel.class)
                .option(ChannelOption.SO_BACKLOG, 4096)
                .childOption(ChannelOption.AUTO_READ, false)
                .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childHandler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel client) {
                        connect(client, args[3], Integer.parseInt(args[4]));
                    }
                })
                .bind(args[1], Integer.parseInt(args[2]))
                .sync();
    }

    private static void connect(Channel client, String address, int port) {
        Copying there = new Copying();
        Copying back = new Copying();
        new Bootstrap()
                .group(client.eventLoop())
                .channel(EpollSocketChannel.class)
                .option(ChannelOption.AUTO_READ, false)
                .option(ChannelOption.ALLOW_HALF_CLOSURE, true)
                .option(ChannelOption.TCP_NODELAY, true)
                .handler(back)
                .connect(address, port)
                .addListener(connected -> {
                    if (!connected.isSuccess()) {
                        client.close();
                        return;
                    }
                    Channel upstream = ((io.netty.channel.ChannelFuture) connected).channel();
                    there.to = upstream;
                    back.to = client;
                    client.pipeline().addLast(there);
                    client.read();
                    upstream.read();
                });
    }

    /// One direction: what its channel reads is written to the other one.
    private static final class Copying extends ChannelInboundHandlerAdapter {
        private Channel to;
        private boolean ended;

        @Override
        public void channelRead(ChannelHandlerContext context, Object bytes) {
            to.write(bytes);
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext context) {
            to.writeAndFlush(io.netty.buffer.Unpooled.EMPTY_BUFFER).addListener(written -> {
                if (written.isSuccess()) {
                    if (context.channel().isActive()) {
                        context.channel().read();
                    }
                } else {
                    context.close();
                }
            });
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext context, Object event) {
            if (event == ChannelInputShutdownEvent.INSTANCE && !ended) {
                ended = true;
                DuplexChannel other = (DuplexChannel) to;
                to.writeAndFlush(io.netty.buffer.Unpooled.EMPTY_BUFFER).addListener(written -> {
                    other.shutdownOutput();
                    if (other.isInputShutdown()) {
                        other.close();
                        context.close();
                    }
                });
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            to.close();
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            context.channel().config().setOption(ChannelOption.SO_LINGER, 0);
            to.config().setOption(ChannelOption.SO_LINGER, 0);
            context.close();
            to.close();
        }
    }
}
