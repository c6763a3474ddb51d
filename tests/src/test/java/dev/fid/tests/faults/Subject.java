package dev.fid.tests.faults;

import dev.fid.Fd;
import dev.fid.Method;
import dev.fid.faults.FaultyKernel;
import dev.fid.files.Fid;
import dev.fid.files.Replacement;
import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Uapi;
import dev.fid.transfer.Moved;
import dev.fid.transfer.Transfer;
import java.io.IOException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;

/// A small program over the library, for tests that need a process of their own: under a limit, as another user,
/// under strace(1) or seccomp(2), or to be killed. It prints what the library said, and decides nothing.
final class Subject {
    private Subject() {}

    public static void main(String[] arguments) throws IOException {
        Path[] paths = Arrays.stream(arguments).skip(1).map(Path::of).toArray(Path[]::new);
        try {
            switch (arguments[0]) {
                case "copy" -> tell(Fid.copy(paths[0], paths[1]));
                case "through" -> tell(through(paths[0], paths[1], Method.SPLICE_THROUGH_PIPE));
                case "sendfile" -> tell(through(paths[0], paths[1], Method.SENDFILE));
                case "replace" -> replace(paths, false);
                case "replace-named" -> replace(paths, true);
                case "exhausted" -> exhausted(paths[0], paths[1]);
                default -> throw new IllegalArgumentException(arguments[0]);
            }
        } catch (ErrnoException e) {
            System.out.println(Errno.name(e.errno()) + " after " + e.moved());
            System.out.println(e.getMessage());
        }
    }

    private static void tell(Moved moved) {
        System.out.println("ok " + moved.bytes());
        System.out.println(moved);
    }

    private static Moved through(Path in, Path out, Method method) throws ErrnoException {
        try (Fd source = Fd.open(in);
                Replacement file = Replacement.of(out)) {
            Moved moved = Transfer.from(source).to(file.fd()).method(method).run();
            file.commit(true);
            return moved;
        }
    }

    /// Replaces the last path by the others in turn, for ever, and prints a dot each time.
    private static void replace(Path[] paths, boolean named) throws ErrnoException {
        FaultyKernel faulty = FaultyKernel.over(Kernel.linux());
        if (named) {
            faulty.on("openat")
                    .when(call -> call.arguments().get(2) instanceof Integer flags
                            && (flags & Uapi.O_TMPFILE) == Uapi.O_TMPFILE)
                    .fails(Errno.EOPNOTSUPP);
        }
        Kernel kernel = faulty.kernel();
        for (int i = 0; ; i++) {
            try (Fd source = Fd.open(kernel, paths[i % (paths.length - 1)]);
                    Replacement file = Replacement.of(kernel, paths[paths.length - 1], 0600)) {
                Transfer.from(source).to(file.fd()).run();
                file.commit(false);
            }
            System.out.print('.');
            System.out.flush();
        }
    }

    /// Takes all pipes that can be had, then moves a file to a socket and on to a file. Once before that under
    /// invented limits, since a class that is loaded needs a descriptor, too.
    private static void exhausted(Path in, Path out) throws ErrnoException {
        Kernel kernel = Kernel.linux();
        FaultyKernel limited = FaultyKernel.over(kernel);
        limited.on("pipe2", "eventfd").fails(Errno.EMFILE);
        relay(limited.kernel(), Fd.pair(kernel), Fd.open(in), Fd.open(out, StandardOpenOption.WRITE));
        Fd[] pair = Fd.pair(kernel);
        Fd source = Fd.open(in);
        Fd target = Fd.open(out, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING);
        int[] last = new int[2];
        int made = 0;
        for (int[] pipe = new int[2]; made < 5000 && kernel.pipe2(pipe, Uapi.O_CLOEXEC) == 0; made++) {
            kernel.fcntl(pipe[0], Uapi.F_SETPIPE_SZ, 1 << 20);
            last = pipe.clone();
        }
        System.out.println(made + " pipes, the last of " + kernel.fcntl(last[0], Uapi.F_GETPIPE_SZ, 0));
        relay(kernel, pair, source, target);
    }

    private static void relay(Kernel kernel, Fd[] pair, Fd in, Fd out) throws ErrnoException {
        Fd left = Fd.borrow(kernel, pair[0].number());
        Fd right = Fd.borrow(kernel, pair[1].number());
        Fd source = Fd.borrow(kernel, in.number());
        Thread sender = Thread.ofPlatform().start(() -> {
            try {
                Moved sent = Transfer.from(source)
                        .to(left)
                        .method(Method.SPLICE_THROUGH_PIPE)
                        .run();
                left.shutdownOutput();
                System.out.println("sent by " + sent.method() + " " + sent.declined());
            } catch (ErrnoException e) {
                System.out.println("not sent: " + e.getMessage());
                pair[0].close();
            }
        });
        try {
            tell(Transfer.from(right).to(Fd.borrow(kernel, out.number())).run());
            sender.join();
        } catch (InterruptedException e) {
            throw new AssertionError("interrupted", e);
        }
        for (Fd fd : new Fd[] {pair[0], pair[1], in, out}) {
            fd.close();
        }
    }
}
