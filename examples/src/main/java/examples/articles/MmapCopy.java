package examples.articles;

import static dev.fid.kernel.Uapi.MAP_SHARED;
import static dev.fid.kernel.Uapi.PROT_READ;
import static dev.fid.kernel.Uapi.PROT_WRITE;
import static examples.articles.Calls.KERNEL;
import static examples.articles.Calls.check;

import dev.fid.Fd;
import dev.fid.kernel.ErrnoException;
import java.io.IOException;

/// Copies a file through two shared mappings: one copy by the CPU for each byte, and a page fault for each page of
/// both files.
///
///     bin/example MmapCopy IN OUT [SEGMENT]
///
/// With SEGMENT (bytes) no more than that is mapped at once, so that address space and page tables stay small.
///
/// The output gets its size first: a store behind the end of a mapped file is SIGBUS. An empty file cannot be
/// mapped (EINVAL), and needs no bytes. The input must not be cut off meanwhile, for the same reason; that is why
/// Fid itself writes *from* a mapping by write(2), which answers EFAULT instead.
public final class MmapCopy {
    private MmapCopy() {}

    public static void main(String... arguments) throws IOException {
        try (Fd in = Calls.input(arguments[0]);
                Fd out = Calls.output(arguments[1])) {
            long segment = arguments.length > 2 ? Long.parseLong(arguments[2]) : Long.MAX_VALUE;
            System.out.println(copy(in, out, segment) + " bytes");
        }
    }

    // tag::copy[]
    static long copy(Fd in, Fd out, long segment) throws ErrnoException {
        long length = in.facts().size();
        // A mapping starts on a page border, so a segment is whole pages, and one at least.
        long page = KERNEL.pageSize();
        long step = Math.max(page, segment - segment % page);
        check(KERNEL.ftruncate(out.number(), length), "ftruncate", out);
        for (long off = 0; off < length; off += Math.min(step, length - off)) {
            long len = Math.min(step, length - off);
            long source = check(KERNEL.mmap(len, PROT_READ, MAP_SHARED, in.number(), off), "mmap", in);
            try {
                long target =
                        check(KERNEL.mmap(len, PROT_READ | PROT_WRITE, MAP_SHARED, out.number(), off), "mmap", out);
                KERNEL.memory(source, len).copyTo(0, KERNEL.memory(target, len), 0, len);
                KERNEL.munmap(target, len);
            } finally {
                KERNEL.munmap(source, len);
            }
        }
        return length;
    }
    // end::copy[]
}
