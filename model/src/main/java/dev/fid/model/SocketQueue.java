package dev.fid.model;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What one side of a connection sent and the other has not read: buffers in order, each holding references to pages
/// until it is read to its end. Source: `struct sk_buff_head`.
public final class SocketQueue {
    private final Deque<SocketBuffer> buffers = new ArrayDeque<>();

    SocketQueue() {}

    /// Bytes not read yet.
    public long bytes() {
        long sum = 0;
        for (SocketBuffer buffer : buffers) {
            sum += buffer.left();
        }
        return sum;
    }

    /// Buffers not read to their end; a message of a datagram socket is one.
    public int size() {
        return buffers.size();
    }

    /// The pages that the buffers refer to, in order; one that two fragments lie in is there twice.
    public List<Page> pages() {
        List<Page> pages = new ArrayList<>();
        for (SocketBuffer buffer : buffers) {
            buffer.addPages(pages);
        }
        return pages;
    }

    /// The byte that was sent last; one must be there.
    byte lastByte() {
        return buffers.getLast().lastByte();
    }

    /// Throws the last bytes away.
    void cut(long bytes) {
        long left = bytes;
        while (left > 0) {
            SocketBuffer last = buffers.getLast();
            if (last.left() > left) {
                last.cut((int) left);
                return;
            }
            left -= last.left();
            buffers.removeLast().free();
        }
    }

    boolean isEmpty() {
        return buffers.isEmpty();
    }

    @Nullable
    SocketBuffer first() {
        return buffers.peekFirst();
    }

    @Nullable
    SocketBuffer last() {
        return buffers.peekLast();
    }

    Iterator<SocketBuffer> iterator() {
        return buffers.iterator();
    }

    void add(SocketBuffer buffer) {
        buffers.addLast(buffer);
    }

    SocketBuffer remove() {
        return buffers.removeFirst();
    }
}
