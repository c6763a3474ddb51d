/// A zero-copy relay for TCP and unix sockets on Netty's event loops.
module dev.fid.net {
    requires transitive dev.fid;
    requires io.netty.common;
    requires io.netty.transport;
    requires io.netty.transport.classes.epoll;
    requires io.netty.transport.unix.common;
    requires static org.jspecify;

    exports dev.fid.net;
    exports dev.fid.net.admin;
    exports dev.fid.net.relay;
}
