package dev.fid.tests.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fid.Fd;
import dev.fid.bridge.Streams;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// `fid relay`, `fid ctl`, `fid top` and `fid config` as an operator uses them.
class RelayTest extends Sandbox {
    private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();

    private Process relay(String... arguments) throws IOException {
        List<String> command = new java.util.ArrayList<>(fid("relay"));
        command.addAll(List.of(arguments));
        return start(command);
    }

    /// The first thing of this form that it said on stderr.
    private String said(String form) {
        Matcher[] found = new Matcher[1];
        await(form, () -> {
            try {
                found[0] = Pattern.compile(form).matcher(errorsSoFar());
                return found[0].find();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        return found[0].group(1);
    }

    private int port() {
        return Integer.parseInt(said("relaying 127.0.0.1:(\\d+)"));
    }

    @Test
    void itTellsItsPortMovesBytesAndEndsWithTerm() throws Exception {
        try (ServerSocket server = new ServerSocket(0, 10, LOOPBACK)) {
            Process relay = relay("127.0.0.1:0", "127.0.0.1:" + server.getLocalPort());
            try (Socket client = new Socket(LOOPBACK, port());
                    Socket inside = server.accept()) {
                client.getOutputStream().write("ping".getBytes(StandardCharsets.UTF_8));
                assertThat(inside.getInputStream().readNBytes(4)).asString().isEqualTo("ping");
                inside.getOutputStream().write("pong".getBytes(StandardCharsets.UTF_8));
                assertThat(client.getInputStream().readNBytes(4)).asString().isEqualTo("pong");
                signal("TERM", relay);
                said("(draining 1 connection), at most 30.0 s");
                client.getOutputStream().write("more".getBytes(StandardCharsets.UTF_8));
                assertThat(inside.getInputStream().readNBytes(4)).asString().isEqualTo("more");
            }
            Ran ran = finish(relay);
            assertThat(ran.status()).as(ran.err()).isZero();
            assertThat(ran.out()).isEmpty();
        }
    }

    @Test
    void aSecondTermCutsAndSaysSo() throws Exception {
        try (ServerSocket server = new ServerSocket(0, 10, LOOPBACK)) {
            Process relay = relay("127.0.0.1:0", "127.0.0.1:" + server.getLocalPort());
            try (Socket client = new Socket(LOOPBACK, port());
                    Socket inside = server.accept()) {
                signal("TERM", relay);
                said("(draining) 1");
                signal("TERM", relay);
                Ran ran = finish(relay);
                assertThat(ran.err()).endsWith("fid: relay: 1 connection was cut\n");
                assertThat(ran.status()).isEqualTo(9);
                assertThat(client.isConnected() && inside.isConnected()).isTrue();
            }
        }
    }

    /// Three events at once, in this order: the upstream resets a connection, another client comes, and the
    /// first one resets, too. Were the first closed at once, the third event would be for the second's number.
    @Test
    void theLastWordOfAnEndedConnectionDoesNotEndTheNextOne() throws Exception {
        try (ServerSocket server = new ServerSocket(0, 10, LOOPBACK)) {
            Process relay = relay("--workers", "1", "127.0.0.1:0", "127.0.0.1:" + server.getLocalPort());
            int port = port();
            for (int i = 0; i < 5; i++) {
                Socket first = new Socket(LOOPBACK, port);
                Socket inside = server.accept();
                inside.getOutputStream().write(1);
                assertThat(first.getInputStream().read()).isEqualTo(1);
                signal("STOP", relay);
                await("it stands still", () -> stateOf(relay).equals("T"));
                reset(inside);
                try (Socket second = new Socket(LOOPBACK, port)) {
                    reset(first);
                    signal("CONT", relay);
                    second.setSoTimeout(10_000);
                    try (Socket other = server.accept()) {
                        other.getOutputStream().write(2);
                        assertThat(second.getInputStream().read()).isEqualTo(2);
                    }
                }
            }
            signal("TERM", relay);
            assertThat(finish(relay).status()).isIn(0, 9);
        }
    }

    private static void reset(Socket socket) throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }

    private static String stateOf(Process process) {
        try {
            String stat = Files.readString(Path.of("/proc", Long.toString(process.pid()), "stat"));
            return stat.substring(stat.lastIndexOf(')') + 2).substring(0, 1);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void itsEventsAreJsonLines() throws Exception {
        Process relay = relay("--json", "--drain-timeout", "1s", "unix-listen://" + path("a.sock"), "127.0.0.1:9");
        await("it listens", () -> Files.exists(dir.resolve("a.sock")));
        signal("INT", relay);
        Ran ran = finish(relay);
        assertThat(ran.status()).as(ran.err()).isZero();
        assertThat(ran.out().lines())
                .hasSize(3)
                .allMatch(line -> line.startsWith("{\"schema\":\"fid.relay/1\",\"event\":\""));
        assertThat(ran.out())
                .contains("\"listen\":[\"" + path("a.sock") + "\"]")
                .contains("\"cut\":0");
        assertThat(dir.resolve("a.sock")).doesNotExist();
    }

    @Test
    void hupTakesANewFileAndKeepsTheOldOneWhereTheNewOneIsWrong() throws Exception {
        try (ServerSocket one = new ServerSocket(0, 10, LOOPBACK);
                ServerSocket other = new ServerSocket(0, 10, LOOPBACK)) {
            String file = "drain-timeout = \"1s\"\n[[relay]]\nlisten = \"127.0.0.1:0\"\nto = \"127.0.0.1:%d\"\n";
            Files.writeString(dir.resolve("fid.toml"), file.formatted(one.getLocalPort()));
            Process relay = relay("--config", path("fid.toml"));
            int port = port();
            Files.writeString(dir.resolve("fid.toml"), "[[relay]]\nlisten = \"127.0.0.1:0\"\nt = 1\n");
            signal("HUP", relay);
            said("(not reloaded, the old configuration stays)");
            try (Socket client = new Socket(LOOPBACK, port);
                    Socket inside = one.accept()) {
                assertThat(client.isConnected() && inside.isConnected()).isTrue();
            }
            Files.writeString(dir.resolve("fid.toml"), file.formatted(other.getLocalPort()));
            signal("HUP", relay);
            said("(reloaded: 1 relay,)");
            try (Socket client = new Socket(LOOPBACK, port);
                    Socket inside = other.accept()) {
                assertThat(client.isConnected() && inside.isConnected()).isTrue();
            }
            signal("TERM", relay);
            assertThat(finish(relay).status()).isIn(0, 9);
        }
    }

    @Test
    void whatNeedsARestartIsToldAndPlacesAreNamed() throws Exception {
        try (ServerSocket server = new ServerSocket(0, 10, LOOPBACK)) {
            String relay = "[[relay]]\nlisten = \"unix-listen://%s\"\nto = \"127.0.0.1:%d\"\npipe-size = \"%s\"\n";
            Files.writeString(dir.resolve("fid.toml"), relay.formatted(path("a.sock"), server.getLocalPort(), "1MiB"));
            Process process = relay("--config", path("fid.toml"));
            said("(relaying .*a.sock)");
            Files.writeString(
                    dir.resolve("fid.toml"),
                    "workers = 7\n" + relay.formatted(path("a.sock"), server.getLocalPort(), "64KiB"));
            signal("HUP", process);
            said("(fid: relay: workers: needs a restart, what it was stays)");
            said("(reloaded: 1 relay, 0 connections go on)");
            signal("TERM", process);
            assertThat(finish(process).status()).isZero();
        }
        Files.writeString(dir.resolve("two.toml"), """
            [[relay]]
            listen = "127.0.0.1:0"
            to = "127.0.0.1:1"
            [[relay]]
            listen = "unix-listen:///nowhere/a.sock"
            to = "127.0.0.1:1"
            """);
        assertThat(here("relay", "--config", path("two.toml")).err())
                .isEqualTo("fid: relay: cannot listen on /nowhere/a.sock: No such file or directory\n");
        Files.writeString(dir.resolve("twins.toml"), """
            [[relay]]
            listen = ":777"
            to = "127.0.0.1:1"
            [[relay]]
            listen = ":777"
            to = "127.0.0.1:2"
            """);
        assertThat(here("config", "check", path("twins.toml")).err()).contains("two relays listen on :777");
    }

    @Test
    void anUpstreamThatRefusesIsOneLineHoweverManyClientsItTurnsAway() throws Exception {
        int gone;
        try (ServerSocket probe = new ServerSocket(0, 10, LOOPBACK)) {
            gone = probe.getLocalPort();
        }
        Process relay = relay("127.0.0.1:0", "127.0.0.1:" + gone);
        int port = port();
        List<Socket> clients = new ArrayList<>(); // all at once, since each waits until the connect was tried again
        for (int i = 0; i < 20; i++) {
            clients.add(new Socket(LOOPBACK, port));
        }
        for (Socket each : clients) {
            try (Socket client = each) {
                assertThat(client.getInputStream().read()).isEqualTo(-1);
            } catch (IOException e) {
                assertThat(e).hasMessageContaining("reset");
            }
        }
        said("(fid: relay: 127.0.0.1:" + gone + ": Connection refused; client 127.0.0.1:\\d+ was turned away)");
        signal("TERM", relay);
        Ran ran = finish(relay);
        assertThat(ran.err().lines().filter(line -> line.contains("refused"))).hasSize(1);
        assertThat(ran.status()).isZero();
    }

    @Test
    void theServiceManagerLearnsOfStartReloadAndEnd() throws Exception {
        require(false, "socat");
        Process socat = new ProcessBuilder("socat", "-u", "UNIX-RECV:" + path("notify"), "CREATE:" + path("told"))
                .inheritIO()
                .start();
        try (ServerSocket server = new ServerSocket(0, 10, LOOPBACK)) {
            await("socat listens", () -> Files.exists(dir.resolve("notify")));
            List<String> command = new java.util.ArrayList<>(
                    List.of("env", "NOTIFY_SOCKET=" + path("notify"), "WATCHDOG_USEC=400000"));
            command.addAll(fid("relay"));
            command.addAll(List.of("--drain-timeout", "2s", "127.0.0.1:0", "127.0.0.1:" + server.getLocalPort()));
            Process relay = start(command);
            port();
            told("READY=1");
            told("WATCHDOG=1");
            signal("HUP", relay);
            told("RELOADING=1\nMONOTONIC_USEC=");
            signal("TERM", relay);
            assertThat(finish(relay).status()).isZero();
            told("STOPPING=1\nSTATUS=draining 0 connections\nEXTEND_TIMEOUT_USEC=7000000");
        } finally {
            socat.destroyForcibly().waitFor();
        }
    }

    private void told(String what) {
        await("the service manager is told " + what, () -> {
            try {
                return Files.exists(dir.resolve("told"))
                        && Files.readString(dir.resolve("told")).contains(what);
            } catch (IOException e) {
                return false;
            }
        });
    }

    @Test
    void anOperatorAsksAndOrdersThroughTheAdminPage() throws Exception {
        try (ServerSocket server = new ServerSocket(0, 10, LOOPBACK)) {
            String admin = "unix://" + path("admin.sock");
            Process relay = relay(
                    "--admin",
                    admin,
                    "--access-log",
                    path("access.log"),
                    "--drain-timeout",
                    "1s",
                    "127.0.0.1:0",
                    "127.0.0.1:" + server.getLocalPort());
            int port = port();
            try (Socket client = new Socket(LOOPBACK, port);
                    Socket inside = server.accept()) {
                client.getOutputStream().write(1);
                assertThat(inside.getInputStream().read()).isEqualTo(1);
                assertThat(here("ctl", "--admin", admin, "status").out()).contains("\"connections\":1");
                assertThat(here("top", "--admin", admin, "--count", "1").out())
                        .startsWith("RELAY ")
                        .contains("127.0.0.1:" + port);
                String list = here("ctl", "--admin", admin, "conns").out();
                String id = list.replaceFirst("(?s).*\"id\":(\\d+).*", "$1");
                assertThat(here("ctl", "--admin", admin, "kill", id).status()).isZero();
                assertThat(here("ctl", "--admin", admin, "kill", id).status()).isEqualTo(7);
            }
            assertThat(here("ctl", "--admin", admin, "drain").status()).isZero();
            assertThat(finish(relay).status()).isZero();
            assertThat(Files.readString(dir.resolve("access.log")))
                    .contains("\"ended\":\"killed\"")
                    .contains("\"bytes_to_upstream\":1");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "8443 127.0.0.1:80                          | 2 | '8443' is not HOST:PORT",
                ":0                                         | 2 | LISTEN and TO are needed",
                "::1:80 127.0.0.1:80                        | 2 | an IPv6 address stands in brackets",
                "tcp://127.0.0.1:0 127.0.0.1:80             | 2 | a host and a port above 0 are needed",
                "127.0.0.1:0 tcp-listen://127.0.0.1:80      | 2 | cannot be connected to",
                "--idle-timeout 5 :0 127.0.0.1:80           | 2 | --idle-timeout: '5' lacks a unit",
                "--limit 5Q :0 127.0.0.1:80                 | 2 | --limit: 'Q' is not a size unit",
                "--splice sometimes :0 127.0.0.1:80         | 2 | --splice: 'sometimes' is none of auto",
                "--allow 10.0.0.1/8 :0 127.0.0.1:80         | 2 | --allow: '10.0.0.1/8' has bits behind its prefix",
                "--proxy-protocol v2 :0 127.0.0.1:80        | 2 | --proxy-protocol: 'v2' is none of",
                "--admin 0.0.0.0:1 :0 127.0.0.1:80          | 2 | the admin page is for this machine",
                "--config /nowhere/fid.toml                 | 2 | No such file or directory",
                "--preconnect many :0 127.0.0.1:80          | 2 | --preconnect: 'many' is not a number from 0",
                "127.0.0.1:0?bind=127.0.0.2 127.0.0.1:80    | 2 | unknown option 'bind'",
                "203.0.113.7:0 127.0.0.1:80                 | 4 | Cannot assign requested address",
                "unix-listen:///nowhere/a.sock 127.0.0.1:80 | 4 | No such file or directory",
                "no-such-host.invalid:0 127.0.0.1:80        | 4 | the host 'no-such-host.invalid' is unknown",
                "fd://77 127.0.0.1:80                       | 4 | cannot listen on fd://77: Bad file descriptor"
            })
    void aMistakeIsOneLineAndItsExitCode(String arguments, int status, String text) {
        String[] words = ("relay " + arguments).split(" +", -1);
        Ran ran = here(words);
        assertThat(ran.err()).contains(text).startsWith("fid: relay: ");
        assertThat(ran.err().lines().count()).isLessThanOrEqualTo(2);
        assertThat(ran.status()).isEqualTo(status);
    }

    @Test
    void aPortInUseNamesWhoHasIt() throws Exception {
        try (ServerSocket server = new ServerSocket(0, 10, LOOPBACK)) {
            Ran ran = here("relay", "127.0.0.1:" + server.getLocalPort(), "127.0.0.1:80");
            assertThat(ran.err())
                    .isEqualTo("fid: relay: cannot listen on 127.0.0.1:" + server.getLocalPort()
                            + ": Address already in use (by java, pid "
                            + ProcessHandle.current().pid() + ")\n");
            assertThat(ran.status()).isEqualTo(4);
        }
    }

    // ---- the file ----

    @Test
    void allMistakesOfAFileAreToldWithTheirPlaces() throws Exception {
        Files.writeString(dir.resolve("fid.toml"), """
            workers = "many"
            [[relay]]
            listen = "127.0.0.1:0"
            to = "127.0.0.1:80"
            idle-timout = "60s"
            pipe-size = "1MeB"
            [[relay]]
            to = 5
            """);
        Ran ran = here("config", "check", path("fid.toml"));
        String file = path("fid.toml");
        assertThat(ran.err())
                .contains(file + ":1:1: workers: 'many' is not a number")
                .contains(file + ":5:1: unknown key 'idle-timout' in [[relay]]; did you mean 'idle-timeout'?")
                .contains(file + ":6:1: pipe-size: 'MeB' is not a size unit")
                .contains("'listen' is missing in [[relay]]")
                .contains(file + ":8:1: to: '5' is not HOST:PORT");
        assertThat(ran.status()).isEqualTo(2);
    }

    @Test
    void aLineThatIsNoTomlIsToldWithItsPlace() throws Exception {
        Files.writeString(dir.resolve("fid.toml"), "[[relay]]\nlisten = \n");
        assertThat(here("config", "check", path("fid.toml")).err()).contains(path("fid.toml") + ":2:");
    }

    @Test
    void theSampleIsGoodAndShowsWhereEveryValueComesFrom() throws Exception {
        Files.writeString(dir.resolve("fid.toml"), here("config", "init").out());
        assertThat(here("config", "check", path("fid.toml")).out()).endsWith("good, 1 relay\n");
        assertThat(here("config", "show", path("fid.toml")).out())
                .containsPattern("to = \"127.0.0.1:5432\" +# .*fid.toml")
                .containsPattern("idle-timeout = \"5m\" +# default");
        // The sample's comments name every key with its default.
        Files.writeString(
                dir.resolve("all.toml"),
                Files.readString(dir.resolve("fid.toml"))
                        .lines()
                        .filter(line -> !line.endsWith("FILE") && !line.contains("= \"\""))
                        .map(line -> line.replaceFirst("^# ", ""))
                        .collect(java.util.stream.Collectors.joining("\n")));
        assertThat(here("config", "check", path("all.toml")).out()).endsWith("good, 1 relay\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"relay", "ctl", "top", "config"})
    void theirHelpIsAsThatOfOtherCommands(String command) {
        Ran help = here("help", command);
        assertThat(help.out()).isEqualTo(here(command, "--help").out()).contains("Examples:\n  fid " + command);
        assertThat(help.out().lines()).allMatch(line -> line.length() <= 80);
    }

    @Test
    void ctlAndTopSayThatNobodyIsThere() {
        assertThat(here("ctl", "--admin", "unix:///nowhere/admin", "status").status())
                .isEqualTo(4);
        assertThat(here("top", "--admin", "unix:///nowhere/admin").status()).isEqualTo(4);
        assertThat(here("ctl", "--admin", "10.0.0.1:80", "status").status()).isEqualTo(2);
        assertThat(here("ctl", "reboot").err()).contains("'reboot' is no order");
    }

    @Test
    void aZoneStaysInTheStartLine() throws Exception {
        Process relay = relay("127.0.0.1:0", "[fe80::1%1]:9");
        assertThat(said("relaying 127.0.0.1:\\d+ \\S+ (\\S+) ")).isEqualTo("[fe80::1%lo]:9");
        signal("TERM", relay);
        assertThat(finish(relay).status()).isZero();
    }

    /// A path of so many bytes in this directory.
    private String socketPath(char fill, int length) {
        String begin = dir + "/";
        return begin + String.valueOf(fill).repeat(length - begin.length());
    }

    // unix(7): sun_path has 108 bytes, one of which ends a path
    @Test
    void aUnixSocketMayHaveTheLongestPathThatThereIs() throws Exception {
        String listen = socketPath('l', 107);
        String to = socketPath('t', 107);
        // java.nio has no room for a path of more than 106 bytes
        try (Fd server = Fd.listen(UnixDomainSocketAddress.of(to))) {
            Process relay = relay("unix-listen://" + listen, "unix://" + to);
            said("(relaying)");
            try (Fd client = Fd.connect(UnixDomainSocketAddress.of(listen));
                    Fd inside = server.accept();
                    OutputStream asks = Streams.output(client);
                    InputStream asked = Streams.input(inside);
                    InputStream answer = Streams.input(client)) {
                asks.write("ping".getBytes(StandardCharsets.UTF_8));
                client.shutdownOutput();
                assertThat(asked.readAllBytes()).asString().isEqualTo("ping");
                inside.shutdownOutput();
                assertThat(answer.read()).isEqualTo(-1);
            }
            signal("TERM", relay);
            assertThat(finish(relay).status()).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"relay unix-listen://%s 127.0.0.1:9", "relay 127.0.0.1:0 unix://%s", "copy - unix://%s"})
    void aLongerOneIsRefusedInALine(String command) throws IOException {
        Ran ran = here(String.format(command, socketPath('x', 108)).split(" ", -1));
        assertThat(ran.status()).isEqualTo(2);
        assertThat(ran.err()).contains("at most 107 bytes, this one 108").doesNotContain("\tat ");
    }

    @Test
    void anAbstractNameMayBeAsLongAsThereIsRoom() throws Exception {
        byte[] bytes = file("a", 100_000);
        String name =
                "@" + String.valueOf(ProcessHandle.current().pid()).repeat(110).substring(0, 106) + "z";
        Process listener = start(fid("copy", "unix-listen://" + name, path("b")));
        await("the listener", () -> here("copy", path("a"), "unix://" + name).status() == 0);
        assertThat(finish(listener).status()).isZero();
        assertThat(content("b")).isEqualTo(bytes);
    }
}
