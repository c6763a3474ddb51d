package dev.fid.bench.race;

import dev.fid.bench.bed.BedEnd;
import dev.fid.bench.measure.Content;
import dev.fid.bench.measure.Target;
import dev.fid.bench.measure.Workplace;
import dev.fid.bench.way.Contender;
import dev.fid.bench.way.NettyWays;
import dev.fid.bench.way.Runner;
import java.nio.file.Path;
import java.util.List;

/// Between a file and a TCP socket, and between two sockets, on the loopback interface.
final class SocketRaces {
    private final Suite suite;

    private SocketRaces(Suite suite) {
        this.suite = suite;
    }

    static void addTo(Suite suite) {
        SocketRaces races = new SocketRaces(suite);
        races.send();
        races.receive();
        races.between();
    }

    private Race.Opening bed(Path directory, BedEnd.Kind in, BedEnd.Kind out) {
        return () -> {
            Content content = Content.of(suite.source(suite.memory().path(), suite.bytes()), suite.bytes());
            return suite.bed(directory, content, in, out);
        };
    }

    private void send() {
        suite.add(new Race(
                        "file-socket",
                        "file to TCP socket, loopback",
                        bed(suite.memory().path(), BedEnd.Kind.FILE, BedEnd.Kind.SOCKET),
                        bed -> {
                            List<Contender> all = Suite.fid(Runner.fid(null));
                            String in = bed.in().name();
                            String port = bed.outs().getFirst().name();
                            for (String method : List.of("sendfile", "splice", "read_write")) {
                                suite.c(all, "socket", method, "send", method, in, port);
                            }
                            jdk(all);
                            all.add(Contender.jdk("JDK FileChannel.transferTo", Runner.transferTo()));
                            suite.netty(all, () -> Contender.tool("Netty FileRegion", NettyWays.fileRegion()));
                            suite.go(all, bed);
                            suite.tool(all, "socat", "-", socat("OPEN:" + in, "TCP:127.0.0.1:" + port));
                            return all;
                        },
                        Target.speed(0.97, "C sendfile"))
                .usual());
    }

    private void receive() {
        String fileSystem = Workplace.fileSystem(suite.disk().path());
        suite.add(new Race(
                        "socket-file-" + fileSystem,
                        "TCP socket to file on " + fileSystem + ", loopback",
                        bed(suite.disk().path(), BedEnd.Kind.SOCKET, BedEnd.Kind.FILE),
                        bed -> {
                            List<Contender> all = Suite.fid(Runner.fid(null));
                            String port = bed.in().name();
                            String out = bed.outs().getFirst().name();
                            for (String method : List.of("splice", "read_write")) {
                                suite.c(all, "socket", method, "receive", method, port, out);
                            }
                            jdk(all);
                            all.add(Contender.jdk("JDK FileChannel.transferFrom", Runner.transferFrom()));
                            suite.go(all, bed);
                            suite.tool(all, "socat", "-", socat("TCP:127.0.0.1:" + port, "CREATE:" + out));
                            return all;
                        },
                        Target.speed(1.3, "NIO direct 128 KiB"),
                        Target.speed(2, "JDK streams"))
                .usual());
    }

    private void between() {
        suite.add(new Race(
                        "socket-socket",
                        "TCP socket to TCP socket, loopback",
                        bed(suite.memory().path(), BedEnd.Kind.SOCKET, BedEnd.Kind.SOCKET),
                        bed -> {
                            List<Contender> all = Suite.fid(Runner.fid(null));
                            String in = bed.in().name();
                            String out = bed.outs().getFirst().name();
                            for (String method : List.of("splice", "read_write")) {
                                suite.c(all, "socket", method, "relay", method, in, out);
                            }
                            jdk(all);
                            suite.netty(all, () -> Contender.tool("Netty spliceTo", NettyWays.splice()));
                            suite.netty(all, () -> Contender.tool("Netty ByteBuf", NettyWays.buffers()));
                            suite.go(all, bed);
                            suite.tool(all, "socat", "-", socat("TCP:127.0.0.1:" + in, "TCP:127.0.0.1:" + out));
                            return all;
                        })
                .usual());
    }

    private static void jdk(List<Contender> all) {
        all.add(Contender.jdk("JDK streams", Runner.streams()));
        all.add(Contender.jdk("NIO direct 128 KiB", Runner.directBuffer()));
    }

    private static List<String> socat(String in, String out) {
        return List.of("socat", "-u", "-b131072", in, out);
    }
}
