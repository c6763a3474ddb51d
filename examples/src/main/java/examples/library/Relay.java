package examples.library;

import dev.fid.Fd;
import dev.fid.kernel.Kernel;
import dev.fid.link.Lane;
import dev.fid.link.Link;
import dev.fid.link.PipePool;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/// Joins each connection to PORT with one to HOST THERE, both directions, on virtual threads.
///
///     bin/example Relay PORT HOST THERE
///
/// A link has two lanes. Small messages go by read and write, bulk by splice through a pipe; the end of one
/// direction becomes a half-close of the other side, and the opposite lane goes on.
public final class Relay {
    private Relay() {}

    public static void main(String... arguments) throws IOException {
        InetSocketAddress there = new InetSocketAddress(arguments[1], Integer.parseInt(arguments[2]));
        try (Fd listener =
                Fd.listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(arguments[0])))) {
            System.out.println("listening on " + ((InetSocketAddress) listener.localAddress()).getPort());
            while (true) {
                Fd client = Accepting.next(listener);
                Thread.ofVirtual().start(() -> join(client, there));
            }
        }
    }

    // tag::join[]
    private static void join(Fd client, InetSocketAddress there) {
        try (client;
                Fd upstream = Fd.connect(there);
                PipePool pool = PipePool.of(Kernel.linux());
                Link link = new Link(client, upstream, pool)) {
            link.join(); // until both directions have ended
            System.out.println(told("there", link.there()) + ", " + told("back", link.back()));
        } catch (IOException e) {
            System.err.println("relay: " + e.getMessage());
        }
    }
    // end::join[]

    private static String told(String direction, Lane lane) {
        return direction + " " + lane.moved() + " bytes, " + lane.spliced() + " spliced";
    }
}
