package dev.fid.net.relay;

import dev.fid.link.PipePool;

/// A branch's pool of pipes with those who use it: a new configuration brings a new pool, and the old one stays until
/// the last of its connections has ended.
final class RelayPipes {
    final PipePool pool;
    private int users;
    private boolean retired;

    RelayPipes(PipePool pool) {
        this.pool = pool;
    }

    void enter() {
        users++;
    }

    void leave() {
        users--;
        closeIfUnused();
    }

    /// Nobody else will come.
    void retire() {
        retired = true;
        closeIfUnused();
    }

    private void closeIfUnused() {
        if (retired && users == 0) {
            pool.close();
        }
    }
}
