package dev.fid.tests.model;

/// Which descriptor of a script is what. A script names slots, since each kernel gives its own numbers.
final class Slots {
    static final int COUNT = 32;
    /// 0 to 3: files 0 and 1 on tmpfs, 2 and 3 on ext4. 4 to 7: opened once more.
    static final int FILES = 8;
    /// Four pipes, read end first.
    static final int PIPES = 8;

    static final int UNIX = 16;
    static final int TCP = 20;
    /// null, zero, full, or what else has no name.
    static final int DEVICES = 24;

    static final int DUPLICATES = 27;

    private Slots() {}

    static boolean isPipe(int slot) {
        return slot >= PIPES && slot < UNIX;
    }

    static boolean isSocket(int slot) {
        return slot >= UNIX && slot < DEVICES;
    }

    static boolean isTcp(int slot) {
        return slot >= TCP && slot < DEVICES;
    }

    static boolean isFile(int slot) {
        return slot >= 0 && slot < FILES;
    }

    /// The other end, or the slot itself where there is none.
    static int peer(int slot) {
        return isPipe(slot) || isSocket(slot) ? slot ^ 1 : slot;
    }
}
