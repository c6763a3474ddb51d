package dev.fid.model;

/// Where the real kernel may choose, the model asks. The choices that exist are the methods of this interface, no
/// more: everything else is fixed. A test that runs beside the real kernel answers with what that did; a simulation
/// answers at random; {@link #USUAL} is the default.
///
/// All of them are about sockets: segments, acknowledgements and buffer sizes of TCP depend on timing and on tuning
/// that changes from one kernel to the next, and what splice(2) lends a pipe is cut from fragments that a
/// thread's sockets share. Called with the kernel's lock held: answer, do not call it.
public interface Freedom {
    /// What happens when nothing is in the way: everything sent has arrived, buffers have their usual size.
    Freedom USUAL = new Freedom() {};

    /// How many of the `sent` bytes that a TCP connection has under way lie in the receive queue already, `least` to
    /// `sent`. Asked by every read, splice, FIONREAD and poll of a socket that something was sent to.
    default long arrived(long least, long sent) {
        return sent;
    }

    /// How many bytes a TCP socket takes from a write of `most` bytes, `least` to `most`; 0 is EAGAIN. `usual` is what
    /// fits into buffers of the usual size.
    default long accepted(long least, long usual, long most) {
        return usual;
    }

    /// How `bytes` of a socket are laid out in the `free` slots of a pipe: the length of each slot, at least one
    /// slot, at most `free`, in sum at most `bytes`; the sum is what moves. `usual` is the layout of the model.
    /// Asked once by a splice from TCP, and for each buffer of a unix socket, whose linear part is copied to a
    /// fragment first. Source: net/core/skbuff.c, linear_to_page; net/core/sock.c, skb_page_frag_refill.
    default long[] slots(long bytes, int free, long[] usual) {
        return usual;
    }

    /// Whether a TCP socket with `queued` bytes under way says that it is writable; asked only when some are.
    default boolean writable(long queued, boolean usual) {
        return usual;
    }
}
