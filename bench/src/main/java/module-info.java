/// What `fid bench` and `fid demo` run.
module dev.fid.bench {
    requires dev.fid;
    requires static org.jspecify;

    exports dev.fid.bench;
}
