package dev.fid.cli.endpoint;

import dev.fid.Fd;
import dev.fid.cli.base.Exit;
import dev.fid.cli.base.Failure;
import dev.fid.cli.base.Words;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Uapi;
import java.io.File;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;

/// A child process on a pipe. The child opens its end through /proc, so it has it in blocking mode, as programs
/// expect.
public final class ChildEnd extends End {
    private final Endpoint.Exec endpoint;
    private final Process process;
    private boolean waited;

    private ChildEnd(Endpoint.Exec endpoint, Fd fd, Process process) {
        super(fd);
        this.endpoint = endpoint;
        this.process = process;
    }

    /// Starts the child; its other streams are ours.
    ///
    /// @param reads whether the child reads what we write
    public static ChildEnd start(Endpoint.Exec endpoint, boolean reads) throws IOException, Failure {
        Kernel kernel = Kernel.linux();
        int[] fds = new int[2];
        int result = kernel.pipe2(fds, Uapi.O_CLOEXEC | Uapi.O_NONBLOCK);
        if (result < 0) {
            throw new dev.fid.kernel.ErrnoException("pipe2", "", -result);
        }
        Fd ours = Fd.own(kernel, fds[reads ? 1 : 0], "pipe");
        try (Fd theirs = Fd.own(kernel, fds[reads ? 0 : 1], "pipe")) {
            File end = new File("/proc/self/fd/" + theirs.number());
            ProcessBuilder builder = Words.child(endpoint.command()).inheritIO();
            Process process = (reads ? builder.redirectInput(end) : builder.redirectOutput(Redirect.to(end))).start();
            return new ChildEnd(endpoint, ours, process);
        } catch (IOException e) {
            ours.close();
            // Cannot run program "x": ... error: 2 (No such file or directory)
            String text = String.valueOf(e.getMessage())
                    .lines()
                    .findFirst()
                    .orElse("")
                    .strip();
            int open = text.lastIndexOf('(');
            String why = open < 0 || !text.endsWith(")") ? text : text.substring(open + 1, text.length() - 1);
            throw new Failure(Exit.OPEN, endpoint.text() + ": " + why, "", e);
        }
    }

    @Override
    public void endOutput() {
        fd().close();
    }

    /// Closes our end and waits; a child that fails makes the copy fail.
    @Override
    public void finish(boolean durable) throws Failure {
        fd().close();
        try {
            int status = process.waitFor();
            waited = true;
            if (status != 0) {
                throw new Failure(Exit.PARTIAL, endpoint.text() + ": the child ended with status " + status);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /// A broken pipe is the child's end: its status says why.
    @Override
    public void explain() throws Failure {
        if (!Thread.currentThread().isInterrupted()) {
            finish(false);
        }
    }

    @Override
    public void close() {
        super.close();
        if (!waited) {
            process.destroy();
        }
    }
}
