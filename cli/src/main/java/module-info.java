/// The command `fid`.
@SuppressWarnings("requires-automatic") // tomlj is no module; nobody requires ours
module dev.fid.cli {
    requires dev.fid;
    requires dev.fid.model;
    requires dev.fid.bench;
    requires dev.fid.net;
    requires info.picocli;
    requires org.tomlj;
    requires jdk.unsupported; // sun.misc.Signal
    requires static org.jspecify;

    opens dev.fid.cli to
            info.picocli;
}
