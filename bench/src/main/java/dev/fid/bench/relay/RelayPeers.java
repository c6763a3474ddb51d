package dev.fid.bench.relay;

import dev.fid.bench.measure.LauncherFlags;
import dev.fid.bench.way.Contender;
import dev.fid.bench.way.PeerPrograms;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The relays that are raced against each other, each a program of its own: Fid as its launcher starts it, the
/// reference
/// in C, and what users have. Those that are not on this machine are named.
final class RelayPeers {
    static final int THREADS = 2;
    /// Connections more than a run has: those before it may still be closing.
    private static final int SPARE = 20;

    private static final List<String> C = List.of("load", "relay", "keep", "pass");
    private static final Path NGINX_MODULE = Path.of("/usr/lib/nginx/modules/ngx_stream_module.so");

    /// One that takes part.
    ///
    /// @param command what starts it, for where it listens and where it connects to
    record Entrant(String name, Contender.Kind kind, Command command) {}

    /// Where a relay is between.
    ///
    /// @param connections that it is to have at most
    record Place(String address, int port, String upstreamAddress, int upstreamPort, int connections) {
        String listen() {
            return address + ":" + port;
        }

        String upstream() {
            return upstreamAddress + ":" + upstreamPort;
        }

        /// As the programs that we wrote take it.
        List<String> arguments() {
            return List.of(
                    Integer.toString(THREADS),
                    address,
                    Integer.toString(port),
                    upstreamAddress,
                    Integer.toString(upstreamPort));
        }
    }

    /// What starts a relay.
    interface Command {
        List<String> of(Place place) throws IOException;
    }

    private final Path directory;
    private final List<Entrant> all = new ArrayList<>();
    private final List<String> absent = new ArrayList<>();
    private final Map<String, String> versions = new LinkedHashMap<>();

    /// Compiles what has to be compiled, into `directory`.
    ///
    /// @throws IOException where there can be no race: no C compiler, or no `fid relay` in this process
    RelayPeers(Path directory) throws IOException {
        this.directory = Files.createDirectories(directory);
        for (String program : C) {
            compile(program + ".c", "cc", "-O2", "-o", program, program + ".c", "-lpthread");
            if (!Files.isExecutable(directory.resolve(program))) {
                throw new IOException("cc made no " + program);
            }
        }
        List<String> fid = fid();
        if (fid == null) {
            throw new IOException("`fid relay` is not part of this process: start it as `fid bench relay`");
        }
        all.add(new Entrant("Fid", Contender.Kind.FID, fid(fid, List.of())));
        all.add(new Entrant("Fid again", Contender.Kind.AGAIN, fid(fid, List.of())));
        all.add(new Entrant("Fid --splice always", Contender.Kind.METHOD, fid(fid, List.of("--splice", "always"))));
        all.add(new Entrant("Fid --splice never", Contender.Kind.METHOD, fid(fid, List.of("--splice", "never"))));
        all.add(new Entrant(
                "C relay",
                Contender.Kind.C,
                place -> with(List.of(directory.resolve("relay").toString()), place.arguments())));
        haproxy();
        nginx();
        go();
        java("Netty, copying", "NettyRelay");
        java("NIO", "NioRelay");
    }

    Path directory() {
        return directory;
    }

    Path keep() {
        return directory.resolve("keep");
    }

    List<Entrant> all() {
        return all;
    }

    /// Who is not here, and why.
    List<String> absent() {
        return absent;
    }

    /// Of those who take part and are no part of Fid.
    Map<String, String> versions() {
        return versions;
    }

    private void compile(String source, String... command) throws IOException {
        try (InputStream in = RelayPeers.class.getResourceAsStream("/dev/fid/bench/peers/" + source)) {
            if (in == null) {
                throw new IOException("not in this build: peers/" + source);
            }
            Files.copy(in, directory.resolve(source));
        }
        String said;
        try {
            said = PeerPrograms.output(directory, List.of(command));
        } catch (IOException e) {
            throw new IOException("no " + command[0] + ": " + e.getMessage(), e);
        }
        if (said.contains("error")) {
            throw new IOException(String.join(" ", command) + ": " + said);
        }
    }

    // ---- Fid ----

    /// What starts `fid` as its launcher starts a relay; null where the command is not part of this process.
    private static @Nullable List<String> fid() {
        String main = "dev.fid.cli.Main";
        try {
            Class.forName(main, false, RelayPeers.class.getClassLoader());
        } catch (ClassNotFoundException e) {
            return null;
        }
        List<String> words = new ArrayList<>(List.of(java("java"), "-Xlog:disable", "-Xlog:all=warning:stderr"));
        words.add("-Xshare:auto");
        words.addAll(LauncherFlags.RELAY_JVM);
        words.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-cp", classPath(), main, "relay"));
        return words;
    }

    private static Command fid(List<String> start, List<String> options) {
        return place -> with(
                with(start, options),
                List.of(
                        "--workers",
                        Integer.toString(THREADS),
                        "--max-conns",
                        Integer.toString(place.connections() + SPARE),
                        place.listen(),
                        place.upstream()));
    }

    private static List<String> with(List<String> words, List<String> more) {
        List<String> all = new ArrayList<>(words);
        all.addAll(more);
        return all;
    }

    private static String java(String program) {
        return Path.of(System.getProperty("java.home"), "bin", program).toString();
    }

    /// With the jars that the launcher gives to `fid relay` only.
    private static String classPath() {
        String path = System.getProperty("java.class.path");
        for (String entry : path.split(":", -1)) {
            Path parent = Path.of(entry).getParent();
            if (parent != null && Files.isDirectory(parent.resolve("server"))) {
                return path + ":" + parent.resolve("server") + "/*";
            }
        }
        return path;
    }

    // ---- the others ----

    private void haproxy() {
        String version = PeerPrograms.version("haproxy", "-v");
        if (version.isEmpty()) {
            absent.add("HAProxy: no command haproxy");
            return;
        }
        versions.put("haproxy", version);
        all.add(haproxy("HAProxy splice-auto", "option splice-auto"));
        all.add(haproxy("HAProxy splice-request, -response", "option splice-request\n    option splice-response"));
    }

    private Entrant haproxy(String name, String options) {
        return new Entrant(name, Contender.Kind.TOOL, place -> {
            String config = """
                    global
                        nbthread %d
                        maxconn %d
                        maxpipes 64
                        tune.pipesize 1048576
                    defaults
                        mode tcp
                        timeout connect 10s
                        timeout client 10m
                        timeout server 10m
                        %s
                    listen relay
                        bind %s backlog 4096
                        maxconn %d
                        server upstream %s
                    """.formatted(
                            THREADS,
                            place.connections() + SPARE,
                            options,
                            place.listen(),
                            place.connections() + SPARE,
                            place.upstream());
            return List.of("haproxy", "-db", "-f", file("haproxy-" + place.port() + ".cfg", config));
        });
    }

    private void nginx() {
        String version = PeerPrograms.version("nginx", "-v");
        if (version.isEmpty()) {
            absent.add("nginx: no command nginx");
        } else {
            versions.put("nginx", version);
            String module = Files.exists(NGINX_MODULE) ? "load_module " + NGINX_MODULE + ";\n" : ""; // else built in
            all.add(new Entrant("nginx stream", Contender.Kind.TOOL, place -> {
                String config = module
                        + """
                        daemon off;
                        user root;
                        worker_processes %d;
                        pid %s/nginx-%d.pid;
                        error_log stderr;
                        events { worker_connections %d; }
                        stream {
                            server {
                                listen %s backlog=4096 reuseport;
                                proxy_timeout 10m;
                                proxy_pass %s;
                            }
                        }
                        """.formatted(
                                        THREADS,
                                        directory,
                                        place.port(),
                                        2 * (place.connections() + SPARE),
                                        place.listen(),
                                        place.upstream());
                return List.of(
                        "nginx", "-p", directory.toString(), "-c", file("nginx-" + place.port() + ".conf", config));
            }));
        }
    }

    private String file(String name, String content) throws IOException {
        return Files.writeString(directory.resolve(name), content).toString();
    }

    private void go() {
        String version = PeerPrograms.version("go", "version");
        try {
            if (version.isEmpty()) {
                throw new IOException("no command go");
            }
            compile(
                    "relay.go",
                    "env",
                    "GOCACHE=" + directory.resolve("go-cache"),
                    "GOFLAGS=",
                    "GO111MODULE=off",
                    "go",
                    "build",
                    "-o",
                    "go-relay",
                    "relay.go");
            if (!Files.isExecutable(directory.resolve("go-relay"))) {
                throw new IOException("go made no program");
            }
        } catch (IOException e) {
            absent.add("Go io.Copy: " + e.getMessage());
            return;
        }
        versions.put("go", version);
        all.add(new Entrant(
                "Go io.Copy",
                Contender.Kind.TOOL,
                place -> List.of(
                        "env",
                        "GOMAXPROCS=" + THREADS,
                        directory.resolve("go-relay").toString(),
                        place.listen(),
                        place.upstream())));
    }

    private void java(String name, String program) {
        try {
            compile(program + ".java", java("javac"), "-nowarn", "-cp", classPath(), program + ".java");
            if (!Files.exists(directory.resolve(program + ".class"))) {
                throw new IOException("javac made no class");
            }
        } catch (IOException e) {
            absent.add(name + ": " + e.getMessage());
            return;
        }
        List<String> start = List.of(
                java("java"),
                "-Xshare:auto",
                "-XX:+UseSerialGC",
                "-Xmx512m",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-cp",
                directory + ":" + classPath(),
                program);
        all.add(new Entrant(name, Contender.Kind.JDK, place -> with(start, place.arguments())));
    }
}
