/// What `fid bench`, `fid demo` and `fid explain --trace` run.
@SuppressWarnings("module") // the command is not there yet when this is compiled
module dev.fid.bench {
    requires dev.fid;
    requires transitive dev.fid.model;
    requires static io.netty.buffer;
    requires static io.netty.common;
    requires static io.netty.transport;
    requires static io.netty.transport.classes.epoll;
    requires static io.netty.transport.unix.common;
    requires static org.jspecify;

    exports dev.fid.bench;
    exports dev.fid.bench.measure to
            dev.fid.cli;
    exports dev.fid.bench.race to
            dev.fid.cli;
    exports dev.fid.bench.trace;
}
