package dev.fid.tests.relay;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fid.net.Ending;
import dev.fid.net.relay.Relay;
import dev.fid.tests.Needs;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// Programs that people put a relay in front of, as Debian has them. Each server and client is the real one; what they
/// check themselves (a verified base backup, a checked-out commit, a TLS handshake) is the proof.
class ClientsTest extends Fixture {
    // ---- PostgreSQL ----

    @Test
    void postgresWorksWithPgbenchAndABaseBackupThatVerifies() throws Exception {
        Needs.root();
        Needs.programs("setpriv");
        Path bin = postgres();
        open(dir);
        Path data = dir.resolve("data");
        List<String> asPostgres =
                List.of("setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "env", "HOME=" + dir);
        run(asPostgres, bin + "/initdb", "-D", data.toString(), "-A", "trust", "-N");
        int port = freePort();
        background(
                asPostgres,
                bin + "/postgres",
                "-D",
                data.toString(),
                "-p",
                "" + port,
                "-c",
                "fsync=off",
                "-c",
                "listen_addresses=127.0.0.1",
                "-c",
                "unix_socket_directories=" + dir);
        Relay relay = relay(port);
        String[] there = {"-h", "127.0.0.1", "-p", "" + port(relay), "-U", "postgres"};
        await("PostgreSQL answers", () -> succeeds(List.of(), with(there, bin + "/pg_isready")));
        run(List.of(), with(there, bin + "/pgbench", "-q", "-i", "-s", "2", "postgres"));
        // The relay ends nothing by itself: 4 clients on 2 threads, and a new connection for each transaction.
        String said = run(List.of(), with(there, bin + "/pgbench", "-c", "4", "-j", "2", "-t", "200", "postgres"));
        assertThat(said).contains("number of transactions actually processed: 800/800");
        run(List.of(), with(there, bin + "/pgbench", "-S", "-C", "-c", "2", "-t", "30", "postgres"));
        assertThat(relay.totals().ended(Ending.RESET)).isZero();
        Path copy = dir.resolve("copy");
        run(asPostgres, with(there, bin + "/pg_basebackup", "-D", copy.toString(), "-X", "stream", "-c", "fast"));
        assertThat(run(asPostgres, bin + "/pg_verifybackup", copy.toString())).contains("successfully verified");
        assertThat(relay.totals().spliced()).as("the base backup is bulk").isGreaterThan(10 << 20);
    }

    /// The newest server that is installed.
    private static Path postgres() throws IOException {
        Path root = Path.of("/usr/lib/postgresql");
        Needs.that(Files.isDirectory(root), "needs postgresql");
        try (Stream<Path> versions = Files.list(root)) {
            List<Path> found = versions.map(version -> version.resolve("bin"))
                    .filter(bin -> Files.isExecutable(bin.resolve("postgres")))
                    .sorted()
                    .toList();
            Needs.that(!found.isEmpty(), "needs postgresql");
            return found.getLast();
        }
    }

    // ---- Redis ----

    @Test
    void redisWorksWithPipeliningAndLargeValues() throws Exception {
        Needs.programs("redis-server", "redis-cli", "redis-benchmark");
        int port = freePort();
        background(List.of(), "redis-server", "--port", "" + port, "--save", "", "--dir", dir.toString());
        Relay relay = relay(port);
        String[] there = {"-p", "" + port(relay)};
        await("Redis answers", () -> succeeds(List.of(), with(there, "redis-cli", "ping")));
        byte[] value = pattern(20 << 20);
        Files.write(dir.resolve("value"), value);
        shell("redis-cli -p " + port(relay) + " -x set big < " + dir.resolve("value"));
        shell("redis-cli -p " + port(relay) + " --raw get big > " + dir.resolve("back"));
        byte[] back = Files.readAllBytes(dir.resolve("back"));
        assertSame(java.util.Arrays.copyOf(back, back.length - 1), value, "value"); // redis-cli adds a line end
        String said = run(
                List.of(),
                with(there, "redis-benchmark", "-n", "5000", "-c", "20", "-P", "16", "-t", "set,get", "--csv"));
        assertThat(said).contains("\"SET\"").contains("\"GET\"");
        assertThat(relay.totals().spliced()).as("the large value is bulk").isGreaterThan(10 << 20);
    }

    // ---- iperf3 ----

    @Test
    void iperf3MovesBytesBothWays() throws Exception {
        Needs.programs("iperf3");
        int port = freePort();
        background(List.of(), "iperf3", "-s", "-p", "" + port, "--bind", "127.0.0.1");
        await("iperf3 listens", () -> listens(port));
        Relay relay = relay(port);
        for (String way : List.of("--version4", "--reverse")) {
            // One connection orders, two carry; iperf3 fails where the counts of both ends differ.
            String said = run(
                    List.of(), "iperf3", "-c", "127.0.0.1", "-p", "" + port(relay), "-n", "100M", "-P", "2", "-J", way);
            assertThat(said).contains("\"sum_received\"").doesNotContain("\"error\"");
        }
        assertThat(relay.totals().spliced()).isGreaterThan(150 << 20);
    }

    // ---- ssh ----

    @Test
    void sshScpAndRsyncPass() throws Exception {
        Needs.root();
        Needs.programs("sshd", "ssh", "scp", "ssh-keygen", "rsync");
        Files.createDirectories(Path.of("/run/sshd")); // sshd refuses to start without
        open(dir);
        for (String key : List.of("host", "user")) {
            run(List.of(), "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path(key));
        }
        Files.writeString(dir.resolve("sshd_config"), """
                HostKey %1$s/host
                AuthorizedKeysFile %1$s/user.pub
                StrictModes no
                PermitRootLogin yes
                UsePAM no
                PidFile none
                Subsystem sftp internal-sftp
                """.formatted(dir));
        int port = freePort();
        background(
                List.of(),
                "/usr/sbin/sshd",
                "-D",
                "-e",
                "-f",
                path("sshd_config"),
                "-p",
                "" + port,
                "-o",
                "ListenAddress=127.0.0.1");
        await("sshd listens", () -> listens(port));
        Relay relay = relay(port);
        String options =
                "-o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR"
                        + " -i " + path("user");
        byte[] content = pattern(12 << 20);
        Files.write(dir.resolve("content"), content);
        shell("ssh -n " + options + " -p " + port(relay) + " root@127.0.0.1 cat " + path("content") + " > "
                + path("by-ssh"));
        assertSame(Files.readAllBytes(dir.resolve("by-ssh")), content, "ssh");
        shell("scp -q " + options + " -P " + port(relay) + " " + path("content") + " root@127.0.0.1:" + path("by-scp"));
        assertSame(Files.readAllBytes(dir.resolve("by-scp")), content, "scp");
        shell("rsync -e 'ssh " + options + " -p " + port(relay) + "' " + path("content") + " root@127.0.0.1:"
                + path("by-rsync"));
        assertSame(Files.readAllBytes(dir.resolve("by-rsync")), content, "rsync");
        assertThat(relay.totals().ended(Ending.DONE) + relay.totals().ended(Ending.RESET))
                .isGreaterThanOrEqualTo(3);
    }

    // ---- TLS ----

    @Test
    void tlsPassesAsItIs() throws Exception {
        Needs.programs("openssl", "curl");
        run(
                List.of(),
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
                "-subj",
                "/CN=fid.test",
                "-addext",
                "subjectAltName=DNS:fid.test",
                "-keyout",
                path("key.pem"),
                "-out",
                path("cert.pem"));
        int port = freePort();
        byte[] content = pattern(8 << 20);
        Files.write(dir.resolve("file"), content);
        background(
                List.of(),
                "openssl",
                "s_server",
                "-accept",
                "" + port,
                "-cert",
                path("cert.pem"),
                "-key",
                path("key.pem"),
                "-WWW",
                "-quiet");
        await("openssl listens", () -> listens(port));
        Relay relay = relay(port);
        // The certificate is checked against the name: nobody stands between.
        run(
                List.of(),
                "curl",
                "-sS",
                "--cacert",
                path("cert.pem"),
                "--resolve",
                "fid.test:" + port(relay) + ":127.0.0.1",
                "-o",
                path("back"),
                "https://fid.test:" + port(relay) + "/file");
        assertSame(Files.readAllBytes(dir.resolve("back")), content, "over TLS");
    }

    // ---- git ----

    @Test
    void gitClonesAndPushes() throws Exception {
        Needs.programs("git");
        String git = "HOME=" + dir + " GIT_CONFIG_NOSYSTEM=1 git -c user.name=a -c user.email=a@b -c safe.directory='*'"
                + " -c init.defaultBranch=main";
        Files.createDirectory(dir.resolve("work"));
        Files.write(dir.resolve("work/large"), pattern(6 << 20));
        shell(git + " init -q --bare " + path("srv.git"));
        String work = git + " -C " + path("work");
        shell(work + " init -q && " + work + " add . && " + work + " commit -qm one");
        int port = freePort();
        background(
                List.of("env", "HOME=" + dir),
                "git",
                "-c",
                "safe.directory=*",
                "daemon",
                "--base-path=" + dir,
                "--export-all",
                "--enable=receive-pack",
                "--listen=127.0.0.1",
                "--port=" + port);
        Files.writeString(dir.resolve(".gitconfig"), "[safe]\n\tdirectory = *\n");
        await("git daemon listens", () -> listens(port));
        Relay relay = relay(port);
        String url = "git://127.0.0.1:" + port(relay) + "/srv.git";
        shell(work + " push -q " + url + " HEAD:main");
        shell(git + " clone -q -b main " + url + " " + path("clone"));
        assertSame(Files.readAllBytes(dir.resolve("clone/large")), pattern(6 << 20), "clone");
        await("both are over", () -> relay.connections() == 0);
    }

    // ---- programs ----

    private Relay relay(int port) throws IOException {
        return start(Relay.builder().listen(loopback(0)).to(loopback(port)).loops(loops()));
    }

    private static int port(Relay relay) {
        return ((InetSocketAddress) relay.addresses().getFirst()).getPort();
    }

    private static int freePort() throws IOException {
        try (ServerSocket probe = new ServerSocket(0, 1, loopback(0).getAddress())) {
            return probe.getLocalPort();
        }
    }

    private static boolean listens(int port) {
        try (SocketChannel client = SocketChannel.open(loopback(port))) {
            return client.isConnected();
        } catch (IOException e) {
            return false;
        }
    }

    private String path(String name) {
        return dir.resolve(name).toString();
    }

    /// Another user works in it, too.
    private static void open(Path folder) throws IOException {
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxrwxrwx"));
    }

    private static String[] with(String[] options, String program, String... rest) {
        List<String> words = new ArrayList<>(List.of(program));
        words.addAll(List.of(options));
        words.addAll(List.of(rest));
        return words.toArray(new String[0]);
    }

    private ProcessBuilder program(List<String> before, String... words) {
        List<String> command = new ArrayList<>(before);
        command.addAll(List.of(words));
        ProcessBuilder builder = new ProcessBuilder(command).directory(dir.toFile());
        builder.environment().put("LC_ALL", "C.UTF-8");
        builder.environment().put("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        return builder.redirectInput(Path.of("/dev/null").toFile()).redirectErrorStream(true);
    }

    /// A server, until the test ends.
    private void background(List<String> before, String... words) throws IOException {
        Process process = program(before, words)
                .redirectOutput(dir.resolve("server.log").toFile())
                .start();
        process.getInputStream().close();
        process.getOutputStream().close();
        keep(() -> {
            process.destroy();
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
            }
        });
    }

    private boolean succeeds(List<String> before, String... words) {
        try {
            return attempt(program(before, words)).status() == 0;
        } catch (IOException | InterruptedException e) {
            return false;
        }
    }

    private String shell(String line) throws Exception {
        return run(List.of(), "sh", "-c", line);
    }

    private String run(List<String> before, String... words) throws IOException, InterruptedException {
        Answer answer = attempt(program(before, words));
        assertThat(answer.status())
                .as("%s: %s", String.join(" ", words), answer.said())
                .isZero();
        return answer.said();
    }

    private record Answer(int status, String said) {}

    private static Answer attempt(ProcessBuilder builder) throws IOException, InterruptedException {
        Process process = builder.start();
        try (InputStream out = process.getInputStream()) {
            String said = new String(out.readAllBytes(), UTF_8);
            return new Answer(process.waitFor(), said);
        } finally {
            process.getOutputStream().close();
            process.getErrorStream().close();
        }
    }
}
