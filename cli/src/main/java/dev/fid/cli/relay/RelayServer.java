package dev.fid.cli.relay;

import dev.fid.bench.measure.Human;
import dev.fid.bench.measure.Json;
import dev.fid.cli.base.Context;
import dev.fid.cli.base.Exit;
import dev.fid.cli.base.Failure;
import dev.fid.cli.base.Failures;
import dev.fid.cli.base.Signals;
import dev.fid.cli.endpoint.Endpoint;
import dev.fid.cli.value.Durations;
import dev.fid.kernel.ErrnoException;
import dev.fid.net.AddressText;
import dev.fid.net.Loops;
import dev.fid.net.admin.AccessLog;
import dev.fid.net.admin.Admin;
import dev.fid.net.admin.Systemd;
import dev.fid.net.relay.Relay;
import dev.fid.net.relay.RelayBuilder;
import dev.fid.net.relay.Service;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// `fid relay` at work: starts, tells, obeys signals and the admin page, drains and ends. One thread, its own,
/// does all of that in turn.
final class RelayServer implements Admin.Control {
    private enum Order {
        RELOAD,
        DRAIN,
        STOP,
        STATUS
    }

    /// For a reload that the admin page asked for, before it says that it goes on.
    private static final long RELOAD_SECONDS = 4;

    private final RelayConfig.Source source;
    private final Context context;
    private final boolean json;
    private final boolean quiet;
    private final int verbose;
    private final Systemd supervisor;
    private final RelayBuilding building;
    private final RelayTroubles troubles = new RelayTroubles(this::complain);
    private final BlockingQueue<Order> orders = new LinkedBlockingQueue<>();
    private volatile @Nullable Service service;
    private @Nullable AccessLog log;
    private volatile RelayConfig.@Nullable Whole config;
    /// Under way or waiting; also the lock of the one that is carried out.
    private final AtomicInteger reloads = new AtomicInteger();
    private boolean draining;

    RelayServer(RelayConfig.Source source, Context context, boolean json, boolean quiet, int verbose) {
        this.source = source;
        this.context = context;
        this.json = json;
        this.quiet = quiet;
        this.verbose = verbose;
        this.supervisor = new Systemd(context.console().environment());
        this.building = new RelayBuilding(supervisor, troubles);
    }

    void run() throws Failure {
        RelayConfig.Whole first = source.read();
        config = first;
        if (context.own()) {
            signals(); // before anybody can see that we are there
        }
        int workers = RelayValues.workers(first.server().get("workers"));
        AccessLog writer = openLog(first.server().get("access-log"));
        log = writer;
        try (Service running = new Service(new Loops(workers), writer)) {
            service = running;
            start(running, first);
            try (Admin admin = admin(running, first)) {
                announce(running, admin, workers);
                serve(running);
            }
        } finally {
            if (writer != null) {
                writer.close();
            }
        }
    }

    // ---- starting ----

    private void start(Service running, RelayConfig.Whole whole) throws Failure {
        List<RelayBuilder> builders = new ArrayList<>();
        for (RelayConfig.Table table : whole.relays()) {
            builders.add(building.build(table));
        }
        try {
            running.apply(builders);
        } catch (ErrnoException e) {
            throw RelayBuilding.cannotListen(e, whole.relays());
        } catch (IllegalArgumentException e) {
            throw new Failure(Exit.NETWORK, "cannot listen: " + e.getMessage(), "", e);
        }
    }

    private @Nullable AccessLog openLog(String file) throws Failure {
        if (file.isEmpty()) {
            return null;
        }
        try {
            return new AccessLog(
                    () -> file.equals("-")
                            ? new Unclosed(context.console().out())
                            : Files.newOutputStream(
                                    Path.of(file), StandardOpenOption.CREATE, StandardOpenOption.APPEND),
                    e -> complain("--access-log " + file + ": cannot be opened again, the old one goes on: "
                            + Failures.reason(e)),
                    e -> complain(
                            "--access-log " + file + ": cannot be written, lines are lost: " + Failures.reason(e)));
        } catch (IOException | java.nio.file.InvalidPathException e) {
            throw new Failure(Exit.OPEN, "--access-log " + file + ": cannot be opened: " + Failures.reason(e), "", e);
        }
    }

    /// Stdout, which is not ours to close.
    private static final class Unclosed extends FilterOutputStream {
        Unclosed(OutputStream out) {
            super(out);
        }

        @Override
        public void write(byte[] bytes, int from, int len) throws IOException {
            out.write(bytes, from, len); // not one by one, as FilterOutputStream does
        }

        @Override
        public void close() throws IOException {
            flush();
        }
    }

    private @Nullable Admin admin(Service running, RelayConfig.Whole whole) throws Failure {
        String text = whole.server().get("admin");
        Endpoint where = RelayValues.admin(text);
        if (where == null) {
            return null;
        }
        try {
            SocketAddress address = where instanceof Endpoint.Unix unix
                    ? UnixDomainSocketAddress.of(unix.path())
                    : new InetSocketAddress(
                            InetAddress.getByName(host((Endpoint.TcpListen) where)),
                            ((Endpoint.TcpListen) where).port());
            return new Admin(address, running, this);
        } catch (IOException | IllegalArgumentException e) {
            String why = e instanceof ErrnoException errno ? Failures.reason(errno, verbose) : e.getMessage();
            throw new Failure(Exit.NETWORK, "cannot listen on " + text + " (--admin): " + why, "", e);
        }
    }

    private static String host(Endpoint.TcpListen tcp) {
        return tcp.host().isEmpty() ? "127.0.0.1" : tcp.host();
    }

    private void signals() {
        Signals.handle("HUP", () -> orders.add(Order.RELOAD));
        Signals.handle("USR1", () -> orders.add(Order.STATUS));
        Signals.handle("TERM", this::drain);
        Signals.handle("INT", this::drain);
    }

    private void announce(Service running, @Nullable Admin admin, int workers) throws Failure {
        supervisor.tell("READY=1\nSTATUS=relaying");
        for (Relay relay : running.relays()) {
            String from = relay.addresses().stream().map(AddressText::of).collect(Collectors.joining(", "));
            String page = admin == null ? "" : "; admin " + page(admin.address());
            say("relaying " + from + " → " + AddressText.of(relay.to()) + " (epoll, " + workers
                    + (workers == 1 ? " worker)" : " workers)") + page);
            event("listening", object -> {
                object.put("relay", relay.name());
                object.put(
                        "listen",
                        relay.addresses().stream().map(AddressText::of).toList());
                object.put("to", AddressText.of(relay.to()));
                object.put("admin", admin == null ? null : page(admin.address()));
            });
        }
    }

    private static String page(SocketAddress address) {
        return address instanceof UnixDomainSocketAddress
                ? "unix://" + address
                : "http://" + AddressText.of(address) + "/";
    }

    // ---- running ----

    private void serve(Service running) throws Failure {
        long watchdog = supervisor.watchdogNanos();
        while (true) {
            Order order;
            try {
                order = watchdog > 0 ? orders.poll(watchdog, TimeUnit.NANOSECONDS) : orders.take();
            } catch (InterruptedException e) {
                order = Order.DRAIN; // the program that we run in wants us to end
            }
            if (watchdog > 0) {
                tellWatchdog(running);
            }
            switch (order) {
                case RELOAD -> reloadBeside(running, new CompletableFuture<>());
                case STATUS -> status(running);
                case DRAIN, STOP -> {
                    end(running, order == Order.STOP);
                    return;
                }
                case null -> {}
            }
        }
    }

    /// Every loop is asked: one that hangs does not answer, and we are not alive.
    private void tellWatchdog(Service running) {
        try {
            running.relays().forEach(Relay::totals);
            supervisor.tell("WATCHDOG=1");
        } catch (IllegalStateException e) {
            complain("the watchdog is not told: " + e.getMessage());
        }
    }

    private void status(Service running) {
        long bytes = 0;
        for (Relay relay : running.relays()) {
            bytes += relay.totals().spliced() + relay.totals().copied();
        }
        say(running.connections() + " connections, " + Human.bytes(bytes) + " so far");
    }

    private void end(Service running, boolean now) throws Failure {
        Duration time = Durations.parse(
                java.util.Objects.requireNonNull(config).server().get("drain-timeout"));
        int open = running.connections();
        long patience = time.toNanos() / 1000 + 5_000_000; // and 5 s to end
        supervisor.tell("STOPPING=1\nSTATUS=draining " + open + " connections\nEXTEND_TIMEOUT_USEC=" + patience);
        if (open > 0 && !now) {
            say("draining " + open + (open == 1 ? " connection" : " connections") + ", at most "
                    + Human.seconds(time.toNanos()));
        }
        event("draining", object -> object.put("connections", open));
        int cut = running.drain(now ? Duration.ZERO : time);
        event("stopped", object -> object.put("cut", cut));
        if (cut > 0) {
            throw new Failure(Exit.PARTIAL, cut + (cut == 1 ? " connection was cut" : " connections were cut"));
        }
    }

    /// On a thread of its own: a file may keep its reader waiting for as long as it likes, a FIFO or one of NFS, and
    /// orders are obeyed meanwhile. A second one waits for the first; more would find nothing else.
    ///
    /// @param wrong gets what is wrong with it, empty where it was taken
    private void reloadBeside(Service running, CompletableFuture<String> wrong) {
        if (reloads.incrementAndGet() > 2) {
            reloads.decrementAndGet();
            wrong.complete("another reload waits already");
            return;
        }
        Thread.ofPlatform().daemon().name("fid-reload").start(() -> {
            try {
                wrong.complete(reloadNow(running));
            } catch (RuntimeException | Error e) {
                wrong.completeExceptionally(e);
                throw e;
            } finally {
                reloads.decrementAndGet();
            }
        });
    }

    private String reloadNow(Service running) {
        synchronized (reloads) {
            AccessLog writer = log;
            if (writer != null) {
                writer.reopen();
            }
            supervisor.tellReloading();
            try {
                RelayConfig.Whole whole = source.read();
                if (running.isDraining()) {
                    return "it ends";
                }
                start(running, whole);
                tellWhatNeedsARestart(whole);
                config = whole;
                int relays = running.relays().size();
                int open = running.connections();
                say("reloaded: " + relays + (relays == 1 ? " relay, " : " relays, ") + open
                        + (open == 1 ? " connection goes on" : " connections go on"));
                event(
                        "reloaded",
                        object -> object.put("relays", running.relays().size()));
                return "";
            } catch (Failure e) {
                complain("not reloaded, the old configuration stays: " + e.text());
                return e.text();
            } catch (RuntimeException e) {
                // The relays that are there go on, and so does this process.
                complain("reloaded in part, reload again or restart: " + e);
                return "reloaded in part: " + e;
            } finally {
                if (!running.isDraining()) {
                    supervisor.tell("READY=1");
                }
            }
        }
    }

    private void tellWhatNeedsARestart(RelayConfig.Whole now) {
        RelayConfig.Whole before = config;
        for (String key : List.of("workers", "admin", "access-log")) {
            if (before != null && !before.server().get(key).equals(now.server().get(key))) {
                complain(key + ": needs a restart, what it was stays");
            }
        }
    }

    // ---- the admin page and the signals ----

    @Override
    public String reload() {
        Service running = service;
        if (running == null) {
            return "not started yet";
        }
        try {
            CompletableFuture<String> wrong = new CompletableFuture<>();
            reloadBeside(running, wrong);
            return wrong.get(RELOAD_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            return "the configuration cannot be read yet: the file does not answer";
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return "interrupted";
        } catch (ExecutionException e) {
            return String.valueOf(e.getCause());
        }
    }

    /// The first time lets connections finish; a second time cuts them.
    @Override
    public synchronized void drain() {
        if (draining) {
            hurry();
        } else {
            draining = true;
            orders.add(Order.DRAIN);
        }
    }

    @Override
    public synchronized void stop() {
        draining = true;
        orders.add(Order.STOP);
        hurry(); // where it drains already
    }

    private void hurry() {
        Service running = service;
        if (running != null) {
            running.hurry();
        }
    }

    // ---- talk ----

    private void say(String text) {
        if (!quiet && !json) {
            context.console().tell(text);
        }
    }

    private void complain(String text) {
        context.console().tell("fid: relay: " + text);
    }

    private interface Filling {
        void fill(Map<String, @Nullable Object> object);
    }

    private void event(String what, Filling filling) throws Failure {
        if (json) {
            Map<String, @Nullable Object> object = new LinkedHashMap<>();
            object.put("schema", "fid.relay/1");
            object.put("event", what);
            filling.fill(object);
            context.console().print(Json.of(object) + "\n");
        }
    }
}
