package dev.fid.tests.conformance;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.fid.kernel.Errno;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Memory;
import dev.fid.kernel.Offset;
import dev.fid.kernel.Uapi;
import java.nio.file.Path;

/// What {@link LimitsTest} runs in a child under a limit: prints results, decides nothing. The JVM ignores
/// SIGXFSZ.
final class Limited {
    private static final Kernel KERNEL = Kernel.linux();

    private Limited() {}

    public static void main(String[] arguments) {
        Path dir = Path.of(arguments[1]);
        switch (arguments[0]) {
            case "splice" -> splice(open(dir.resolve("out")));
            case "copy" -> copy(dir);
            case "pipes" -> pipes();
            default -> throw new IllegalArgumentException(arguments[0]);
        }
    }

    private static void splice(int out) {
        int[] pipe = new int[2];
        KERNEL.pipe2(pipe, 0);
        try (Memory memory = KERNEL.allocate(10000)) {
            KERNEL.write(pipe[1], memory, 0, 10000);
            for (int i = 0; i < 2; i++) {
                long moved = KERNEL.splice(pipe[0], null, out, null, 10000, Uapi.SPLICE_F_NONBLOCK);
                System.out.println(show(moved) + ", " + KERNEL.fionread(pipe[0]) + " left");
            }
            System.out.println(KERNEL.read(pipe[0], memory, 0, 10000) + " read");
        }
    }

    private static void copy(Path dir) {
        int in = open(dir.resolve("in"));
        int out = open(dir.resolve("out"));
        System.out.println(show(KERNEL.copyFileRange(in, new Offset(0), out, new Offset(0), 10000, 0)));
        System.out.println(show(KERNEL.copyFileRange(in, new Offset(0), out, new Offset(4096), 10, 0)));
    }

    private static void pipes() {
        int made = 0;
        int result;
        while ((result = KERNEL.pipe2(new int[2], 0)) == 0) {
            made++;
        }
        System.out.println(made);
        System.out.println(show(result));
    }

    private static int open(Path path) {
        return KERNEL.openat(Uapi.AT_FDCWD, path.toString().getBytes(UTF_8), Uapi.O_RDWR | Uapi.O_CREAT, 0600);
    }

    private static String show(long result) {
        return result < 0 ? "-" + Errno.name((int) -result) : Long.toString(result);
    }
}
