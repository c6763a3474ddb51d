package dev.fid.net;

import dev.fid.Fd;
import dev.fid.kernel.Errno;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Memory;
import dev.fid.kernel.Uapi;
import org.jspecify.annotations.Nullable;

/// What a client says before its first byte: a PROXY header, where there is one.
final class Greeting {
    /// What is to be done.
    enum Verdict {
        /// Wait for more bytes.
        WAIT,
        /// Go on; the header, if any, is read.
        PASS,
        /// The header is malformed, cut short or missing.
        REFUSE,
        /// The client has gone.
        GONE
    }

    private final Fd client;
    private final boolean isRequired;
    private @Nullable ProxyHeader header;
    private String why = "no PROXY header";

    Greeting(Fd client, boolean isRequired) {
        this.client = client;
        this.isRequired = isRequired;
    }

    /// Looks at what came, and takes the header off once it is whole.
    ///
    /// @param ended whether the client sends no more
    Verdict read(Memory scratch, boolean ended) {
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
            why = "malformed PROXY header: " + e.getMessage();
            return Verdict.REFUSE;
        }
        boolean unfinished = peeked == 0 || read.equals(ProxyHeader.UNFINISHED);
        if (unfinished && peeked > 0 && !ended) {
            return Verdict.WAIT;
        }
        if (!unfinished && read.length() > 0) {
            kernel.recv(client.number(), scratch, 0, read.length(), Uapi.MSG_DONTWAIT);
            header = read;
            return Verdict.PASS;
        }
        if (unfinished && peeked > 0) {
            why = "a PROXY header cut short";
            return Verdict.REFUSE;
        }
        return isRequired ? Verdict.REFUSE : Verdict.PASS;
    }

    /// What is wrong, where it is refused.
    String why() {
        return why;
    }

    /// The header; null before it was read, and where there is none.
    @Nullable
    ProxyHeader header() {
        return header;
    }
}
