/// Moves bytes between any two Linux file descriptors through the kernel.
@SuppressWarnings("module") // those that a room is opened to are not there yet when this is compiled
module dev.fid {
    requires static org.jspecify;
    requires jdk.jfr;

    exports dev.fid;
    exports dev.fid.bridge;
    exports dev.fid.fanout;
    exports dev.fid.files;
    exports dev.fid.kernel;
    exports dev.fid.link;
    exports dev.fid.probe;
    exports dev.fid.transfer;
    // Fid's own rooms: what the command and the relay need of them
    exports dev.fid.wait to
            dev.fid.cli,
            dev.fid.net;
}
