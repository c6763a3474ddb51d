package dev.fid.files;

import dev.fid.kernel.Stat;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/// Files with several names: the first one that is met is copied, the others become links to that copy.
final class HardLinks {
    /// A file, whatever its name.
    record Inode(long device, long inode) {
        Inode(Stat stat) {
            this(stat.device, stat.inode);
        }
    }

    /// A name in the copy. Its directory may be closed meanwhile.
    static final class Made {
        final OpenDirectory folder;
        final byte[] name;

        Made(OpenDirectory folder, byte[] name) {
            this.folder = folder;
            this.name = name;
        }
    }

    /// A file of the source that has several names. Its lock is held while one of them is copied or linked.
    static final class Linked {
        private final boolean remembering;
        private final List<Made> names = new ArrayList<>();
        private final Stat source = new Stat();
        private boolean stays;
        private int seen;

        /// Without a copy yet.
        ///
        /// @param remembering whether a name of the copy may be there already, and stay
        Linked(boolean remembering) {
            this.remembering = remembering;
        }

        /// Whether a copy is there, and of this file: an inode may have been deleted and used again. Where the file
        /// system does not say when a file was born, nothing of it may have changed.
        boolean isOf(Stat stat) {
            boolean born = stat.birthSeconds != 0 || stat.birthNanos != 0;
            return !names.isEmpty()
                    && (born
                            ? stat.birthSeconds == source.birthSeconds && stat.birthNanos == source.birthNanos
                            : stat.ctimeSeconds == source.ctimeSeconds
                                    && stat.ctimeNanos == source.ctimeNanos
                                    && stat.nlink == source.nlink
                                    && stat.size == source.size);
        }

        void first(OpenDirectory folder, byte[] name, Stat stat) {
            names.clear();
            names.add(new Made(folder, name));
            source.birthSeconds = stat.birthSeconds;
            source.birthNanos = stat.birthNanos;
            source.ctimeSeconds = stat.ctimeSeconds;
            source.ctimeNanos = stat.ctimeNanos;
            source.nlink = stat.nlink;
            source.size = stat.size;
            stays = false;
        }

        Made first() {
            return names.getFirst();
        }

        /// Another name was made.
        void named(OpenDirectory folder, byte[] name) {
            if (remembering) {
                names.add(new Made(folder, name));
            }
        }

        /// Whether this run made all names, so that they may become names of a file that was there.
        boolean areAllNew() {
            return !stays;
        }

        List<Made> names() {
            return names;
        }

        /// What was there under this name is the copy from now on.
        void stays(OpenDirectory folder, byte[] name) {
            names.clear();
            names.add(new Made(folder, name));
            stays = true;
        }
    }

    private final Map<Inode, Linked> all = new ConcurrentHashMap<>();
    private final boolean remembering;
    private final boolean forgetting;

    /// Without any.
    ///
    /// @param remembering whether names of the copies may be there already, and stay
    /// @param forgetting whether a file is met by as many names as it has; links that are followed may be more
    HardLinks(boolean remembering, boolean forgetting) {
        this.remembering = remembering;
        this.forgetting = forgetting;
    }

    Linked of(Stat stat) {
        return all.computeIfAbsent(new Inode(stat), _ -> new Linked(remembering));
    }

    /// Forgets a file of which all names were seen.
    void seen(Stat stat, Linked linked) {
        linked.seen++;
        if (forgetting && linked.seen >= stat.nlink) {
            all.remove(new Inode(stat));
        }
    }

    /// Takes that back, where a name came to nothing and may be tried again.
    void unseen(Stat stat, Linked linked) {
        linked.seen--;
        all.putIfAbsent(new Inode(stat), linked);
    }
}
