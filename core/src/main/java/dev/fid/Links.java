package dev.fid;

import dev.fid.kernel.Stat;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/// Files with several names: the first one that is met is copied, the others become links to that copy.
final class Links {
    /// A file, whatever its name.
    record Inode(long device, long inode) {
        Inode(Stat stat) {
            this(stat.device, stat.inode);
        }
    }

    /// A file of the source that has several names. Its lock is held while one of them is copied or linked.
    static final class Linked {
        @Nullable
        Folder folder;

        byte[] nameOut = {};
        int seen;
    }

    private final Map<Inode, Linked> all = new ConcurrentHashMap<>();

    Linked of(Stat stat) {
        return all.computeIfAbsent(new Inode(stat), _ -> new Linked());
    }

    /// Forgets a file of which all names were seen.
    void seen(Stat stat, Linked linked) {
        linked.seen++;
        if (linked.seen >= stat.nlink) {
            all.remove(new Inode(stat));
        }
    }
}
