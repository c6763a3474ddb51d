package dev.fid.net.relay;

import dev.fid.Fd;
import dev.fid.PipeBudget;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Kernel;
import dev.fid.link.Link;
import dev.fid.link.PipePool;
import dev.fid.net.ConnectionStatus;
import dev.fid.net.Ending;
import dev.fid.net.LogEntry;
import dev.fid.net.listen.Listener;
import dev.fid.net.loop.DescriptorReserve;
import dev.fid.net.loop.Histogram;
import dev.fid.net.loop.LoopCounters;
import dev.fid.net.proxy.ProxyHeader;
import dev.fid.net.proxy.ProxyPreface;
import dev.fid.net.proxy.Tlvs;
import dev.fid.net.upstream.Dial;
import dev.fid.net.upstream.PreconnectPool;
import dev.fid.net.upstream.Upstream;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/// What a connection needs is loaded before the first one comes: a class from a folder is a file to be opened, which
/// fails once descriptors have run out, and would end the event loop that needs it.
final class Rehearsal {
    private static final List<Class<?>> PARTS = List.of(
            RelayLoop.class,
            Connection.class,
            ConnectionStatus.class,
            Dial.class,
            Ending.class,
            ProxyPreface.class,
            Listener.class,
            LogEntry.class,
            ProxyHeader.class,
            DescriptorReserve.class,
            IdleTimeouts.class,
            PreconnectPool.class,
            LoopCounters.class,
            Histogram.class,
            Tlvs.class,
            Upstream.class);

    private static final AtomicBoolean HELD = new AtomicBoolean();

    private Rehearsal() {}

    /// Once a process; on a kernel that is not this machine's nothing is opened.
    static void hold(Kernel kernel) {
        if (!kernel.isHost() || HELD.getAndSet(true)) {
            return;
        }
        int members = 0;
        for (Class<?> part : PARTS) {
            members += part.getNestMembers().length; // which loads them
        }
        assert members >= PARTS.size();
        try {
            join(kernel);
        } catch (ErrnoException e) {
            // The first client will meet it, too.
        }
    }

    /// Two ends that have nothing to say.
    private static void join(Kernel kernel) throws ErrnoException {
        Fd[] left = Fd.pair(kernel);
        try (Fd client = left[0];
                Fd outside = left[1]) {
            Fd[] right = Fd.pair(kernel);
            try (Fd server = right[0];
                    Fd inside = right[1];
                    PipePool pool = new PipePool(kernel, PipeBudget.of(kernel), 1 << 16, PipePool.Splicing.ALWAYS);
                    Link link = new Link(outside, inside, pool)) {
                client.shutdownOutput();
                server.shutdownOutput();
                link.join();
            }
        }
    }
}
