/// An executable model of the kernel's side of a transfer.
module dev.fid.model {
    requires transitive dev.fid;
    requires static org.jspecify;

    exports dev.fid.faults;
    exports dev.fid.model;
}
