package dev.fid.net.proxy;

import dev.fid.Fd;
import dev.fid.kernel.Errno;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Memory;
import dev.fid.kernel.Uapi;
import java.time.Duration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// What a client says before its first byte: a PROXY header, where there is one.
public final class ProxyPreface {
    /// What is to be done.
    public enum Verdict {
        /// Wait for more bytes.
        WAIT,
        /// Go on; the header, if any, is read.
        PASS,
        /// The header is malformed, cut short or missing.
        REFUSE,
        /// The client has gone.
        GONE
    }

    /// Why a client was refused, as metrics count it.
    public enum Fault {
        MALFORMED,
        CUT_SHORT,
        MISSING,
        LATE;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private final Fd client;
    private final boolean isRequired;
    private @Nullable ProxyHeader header;
    private boolean isBegun;
    private Fault fault = Fault.MISSING;
    private String why = "no PROXY header";

    public ProxyPreface(Fd client, boolean isRequired) {
        this.client = client;
        this.isRequired = isRequired;
    }

    /// Looks at what came, and takes the header off once it is whole.
    ///
    /// @param ended whether the client sends no more
    public Verdict read(Memory scratch, boolean ended) {
        Kernel kernel = client.kernel();
        long peeked = kernel.recv(client.number(), scratch, 0, ProxyHeader.MOST, Uapi.MSG_PEEK | Uapi.MSG_DONTWAIT);
        if (peeked == -Errno.EAGAIN || peeked == -Errno.EINTR) {
            return Verdict.WAIT;
        }
        if (peeked < 0) {
            return Verdict.GONE;
        }
        ProxyHeader read;
        try {
            read = ProxyHeader.read(scratch.bytes(0, (int) peeked), (int) peeked);
        } catch (IllegalArgumentException e) {
            return refuse(Fault.MALFORMED, "malformed PROXY header: " + e.getMessage());
        }
        boolean unfinished = peeked == 0 || read.equals(ProxyHeader.UNFINISHED);
        if (unfinished && peeked > 0 && !ended) {
            isBegun = true;
            return Verdict.WAIT;
        }
        if (!unfinished && read.length() > 0) {
            kernel.recv(client.number(), scratch, 0, read.length(), Uapi.MSG_DONTWAIT);
            header = read;
            return Verdict.PASS;
        }
        if (unfinished && peeked > 0) {
            return refuse(Fault.CUT_SHORT, "a PROXY header cut short");
        }
        return isRequired ? Verdict.REFUSE : Verdict.PASS;
    }

    /// The time for it is up.
    public void late(Duration time) {
        refuse(
                Fault.LATE,
                (isBegun ? "a PROXY header that was not whole" : "no PROXY header") + " after " + time.toMillis()
                        + " ms");
    }

    private Verdict refuse(Fault what, String reason) {
        fault = what;
        why = reason;
        return Verdict.REFUSE;
    }

    /// What is wrong, where it is refused.
    public String why() {
        return why;
    }

    public Fault fault() {
        return fault;
    }

    /// The header; null before it was read, and where there is none.
    public @Nullable ProxyHeader header() {
        return header;
    }
}
