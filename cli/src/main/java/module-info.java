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
    opens dev.fid.cli.base to
            info.picocli;
    opens dev.fid.cli.bench to
            info.picocli;
    opens dev.fid.cli.copy to
            info.picocli;
    opens dev.fid.cli.endpoint to
            info.picocli;
    opens dev.fid.cli.explain to
            info.picocli;
    opens dev.fid.cli.manual to
            info.picocli;
    opens dev.fid.cli.option to
            info.picocli;
    opens dev.fid.cli.probe to
            info.picocli;
    opens dev.fid.cli.relay to
            info.picocli;
    opens dev.fid.cli.report to
            info.picocli;
    opens dev.fid.cli.tee to
            info.picocli;
}
