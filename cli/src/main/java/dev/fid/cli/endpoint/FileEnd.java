package dev.fid.cli.endpoint;

import dev.fid.Fd;
import dev.fid.bench.measure.Human;
import dev.fid.cli.base.Exit;
import dev.fid.cli.base.Failure;
import dev.fid.files.Replacement;
import dev.fid.kernel.Errno;
import dev.fid.kernel.ErrnoException;

/// A file as destination: replaced as a whole, or written in place.
public abstract class FileEnd extends End {
    final String name;

    private FileEnd(Fd fd, String name) {
        super(fd);
        this.name = name;
    }

    /// Bytes of the output before those of this copy.
    public long start() {
        return 0;
    }

    /// The new content appears under the name when all is done, or never.
    static final class Whole extends FileEnd {
        private final Replacement replacement;
        private final boolean mayReplace;
        private final boolean existed;

        Whole(Replacement replacement, String name, boolean mayReplace, boolean existed) {
            super(replacement.fd(), name);
            this.replacement = replacement;
            this.mayReplace = mayReplace;
            this.existed = existed;
        }

        @Override
        public void finish(boolean durable) throws ErrnoException, Failure {
            if (mayReplace) {
                replacement.commit(durable);
                return;
            }
            try {
                replacement.commitNew(durable);
            } catch (ErrnoException e) {
                if (e.errno() == Errno.EEXIST) {
                    throw new Failure(
                            Exit.OPEN, name + ": it exists by now, and --no-clobber forbids to replace it", "", e);
                }
                throw e;
            }
        }

        @Override
        public String remains(long moved) {
            if (replacement.isInPlace()) {
                return "its content is the new one";
            }
            return name + (existed ? " is untouched" : " was not created");
        }

        @Override
        public void close() {
            replacement.close();
        }
    }

    /// A FIFO, a device, or a part of a file.
    public static final class InPlace extends FileEnd {
        private final long start;

        public InPlace(Fd fd, String name, long start) {
            super(fd, name);
            this.start = start;
        }

        @Override
        public long start() {
            return start;
        }

        @Override
        public void finish(boolean durable) throws ErrnoException {
            sync(durable);
            fd().closeChecked();
        }

        @Override
        public String remains(long moved) {
            return moved == 0
                    ? "nothing was written to " + name
                    : Human.bytes(moved) + " were written to " + name + ", in place";
        }
    }
}
