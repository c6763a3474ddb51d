/// The command `fid`.
module dev.fid.cli {
    requires dev.fid;
    requires dev.fid.model;
    requires dev.fid.bench;
    requires info.picocli;
    requires jdk.unsupported; // sun.misc.Signal
    requires static org.jspecify;

    opens dev.fid.cli to
            info.picocli;
}
