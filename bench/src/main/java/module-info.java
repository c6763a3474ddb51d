/// What `fid bench`, `fid demo` and `fid explain --trace` run.
module dev.fid.bench {
    requires dev.fid;
    requires transitive dev.fid.model;
    requires static org.jspecify;

    exports dev.fid.bench;
    exports dev.fid.bench.trace;
}
