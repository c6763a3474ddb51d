package dev.fid.tests.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

/// What a program left behind.
final class Ran {
    private final int status;
    private final byte[] data;
    private final String err;

    Ran(int status, byte[] data, String err) {
        this.status = status;
        this.data = data;
        this.err = err;
    }

    /// Its exit code, 128+n for signal n.
    int status() {
        return status;
    }

    /// What it wrote to stdout.
    byte[] data() {
        return data;
    }

    String out() {
        return new String(data, UTF_8);
    }

    String err() {
        return err;
    }
}
