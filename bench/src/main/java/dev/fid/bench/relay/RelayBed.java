package dev.fid.bench.relay;

import dev.fid.bench.way.PeerPrograms;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// Where relays are raced: a network of this benchmark alone, in namespaces that are gone afterwards, also
/// when the process is told to end. All use the same congestion control, reno.
final class RelayBed implements AutoCloseable {
    /// How packets go between the load and the relay.
    enum Link {
        /// Both in one namespace. Packets of 64 KiB, whose pages are the sender's: it flatters splice.
        LOOPBACK("", "loopback", 0),
        /// A pair of devices between two namespaces, with an XDP program, so that each packet has pages of
        /// its own, as behind a network card. The least that every host takes (RFC 791, 3.1): the most packets
        /// a byte.
        VETH_576("-veth576", "veth with XDP, MTU 576", 576),
        /// As on most networks.
        VETH_1500("-veth1500", "veth with XDP, MTU 1500", 1500),
        /// Jumbo frames.
        VETH_9000("-veth9000", "veth with XDP, MTU 9000", 9000);

        /// What the names of its races end in.
        final String suffix;

        final String title;
        final int mtu;

        Link(String suffix, String title, int mtu) {
            this.suffix = suffix;
            this.title = title;
            this.mtu = mtu;
        }
    }

    private final String load;
    private final String relays;
    private final Link link;
    private final List<Process> programs = new ArrayList<>();
    private final Thread atEnd = new Thread(this::remove, "fid-bench-network");

    /// @param directory with the program `pass`
    /// @throws IOException where this process may not make namespaces
    RelayBed(Link link, Path directory) throws IOException {
        this.link = link;
        this.load = "fid-bench-" + ProcessHandle.current().pid() + (link == Link.LOOPBACK ? "" : "-load");
        this.relays = link == Link.LOOPBACK
                ? load
                : "fid-bench-" + ProcessHandle.current().pid() + "-relays";
        Runtime.getRuntime().addShutdownHook(atEnd);
        try {
            namespace(load);
            if (link != Link.LOOPBACK) {
                namespace(relays);
                String mtu = Integer.toString(link.mtu);
                ip(
                        "-n", load, "link", "add", "load0", "mtu", mtu, "type", "veth", //
                        "peer", "name", "relay0", "mtu", mtu, "netns", relays);
                device(load, "load0", loadAddress(), directory);
                device(relays, "relay0", relayAddress(), directory);
            }
        } catch (IOException e) {
            close();
            throw e;
        }
    }

    private static void namespace(String name) throws IOException {
        ip("netns", "add", name);
        ip("-n", name, "link", "set", "lo", "up");
        // A connection per request uses up the ports of one address in seconds; these settings are the namespace's.
        for (String setting : List.of(
                "net.ipv4.tcp_congestion_control=reno",
                "net.ipv4.tcp_tw_reuse=1",
                "net.ipv4.ip_local_port_range=10000 65535")) {
            run(enter(name, "sysctl", "-q", "-w", setting));
        }
    }

    private void device(String namespace, String device, String address, Path directory) throws IOException {
        ip("-n", namespace, "addr", "add", address + "/24", "dev", device);
        ip("-n", namespace, "link", "set", device, "up");
        // Without a queue before it a veth drops what its ring of 256 packets does not take, and with one it
        // waits since Linux 6.16 (drivers/net/veth.c): bulk is twice as fast.
        run(List.of("tc", "-n", namespace, "qdisc", "add", "dev", device, "root", "pfifo", "limit", "1000"));
        Process pass = new ProcessBuilder(
                        enter(namespace, directory.resolve("pass").toString(), device))
                .redirectErrorStream(true)
                .start();
        programs.add(pass);
        BufferedReader words = pass.inputReader(StandardCharsets.UTF_8);
        String line = words.readLine();
        if (!"ready".equals(line)) {
            throw new IOException("XDP on " + device + ": " + line);
        }
    }

    /// Of the load, where the upstreams listen. Source: RFC 2544, addresses for benchmarks.
    String loadAddress() {
        return link == Link.LOOPBACK ? "127.0.0.1" : "198.18.0.1";
    }

    /// Of the relays.
    String relayAddress() {
        return link == Link.LOOPBACK ? "127.0.0.1" : "198.18.0.2";
    }

    /// A command on the side of the load.
    List<String> withLoad(List<String> command) {
        return enter(load, command.toArray(String[]::new));
    }

    /// A command on the side of the relays.
    List<String> withRelays(List<String> command) {
        return enter(relays, command.toArray(String[]::new));
    }

    private static List<String> enter(String namespace, String... command) {
        List<String> words = new ArrayList<>(List.of("nsenter", "--net=/run/netns/" + namespace, "--"));
        words.addAll(List.of(command));
        return words;
    }

    private static void ip(String... arguments) throws IOException {
        List<String> words = new ArrayList<>(List.of("ip"));
        words.addAll(List.of(arguments));
        run(words);
    }

    /// These commands say something only when they fail.
    private static void run(List<String> command) throws IOException {
        String said = PeerPrograms.output(Path.of("."), command);
        if (!said.isEmpty()) {
            throw new IOException(String.join(" ", command) + ": " + said);
        }
    }

    private void remove() {
        for (Process program : programs) {
            program.destroy();
            try {
                program.waitFor(2, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        for (String name : load.equals(relays) ? List.of(load) : List.of(load, relays)) {
            try {
                PeerPrograms.output(Path.of("."), List.of("ip", "netns", "del", name));
            } catch (IOException e) {
                // Without `ip` there was none.
            }
        }
    }

    @Override
    public void close() {
        try {
            if (Runtime.getRuntime().removeShutdownHook(atEnd)) {
                remove();
            }
        } catch (IllegalStateException e) {
            // The process is ending: the hook does it.
        }
    }
}
