/// Moves bytes between any two Linux file descriptors through the kernel.
module dev.fid {
    requires static org.jspecify;
    requires jdk.jfr;

    exports dev.fid;
    exports dev.fid.kernel;
}
