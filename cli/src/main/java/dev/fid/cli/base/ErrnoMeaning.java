package dev.fid.cli.base;

import dev.fid.Declined;
import dev.fid.Plan;
import dev.fid.kernel.Errno;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What an errno of a data call means. Sources: ERRORS of splice(2), sendfile(2), copy_file_range(2),
/// ioctl_ficlonerange(2), read(2), write(2).
public final class ErrnoMeaning {
    private static final Map<String, Map<String, String>> CALLS = new LinkedHashMap<>();

    static {
        say("ficlone", "EBADF", "a side is not open in its direction, or the output is open for append");
        say("ficlone", "EINVAL", "the range does not lie on block borders, or overlaps itself in one file");
        say("ficlone", "EISDIR", "a side is a directory");
        say("ficlone", "EOPNOTSUPP", "the file system has no shared extents, or not for such files");
        say("ficlone", "EPERM", "the output is immutable");
        say("ficlone", "ETXTBSY", "a side is in use as swap space");
        say("ficlone", "EXDEV", "the files are on two file systems");
        say("copy_file_range", "EBADF", "a side is not open in its direction, or the output is open for append");
        say(
                "copy_file_range",
                "EFBIG",
                "the output would be larger than the limit, of the process or of the file system");
        say("copy_file_range", "EINVAL", "a side is no regular file, or the ranges overlap in one file");
        say("copy_file_range", "EIO", "a disk failed, on either side");
        say("copy_file_range", "EISDIR", "a side is a directory");
        say("copy_file_range", "ENOMEM", "the kernel is out of memory");
        say("copy_file_range", "ENOSPC", "the output's file system is full");
        say("copy_file_range", "EOPNOTSUPP", "the file system does not copy by itself");
        say("copy_file_range", "EOVERFLOW", "offset and length are more than a file can have");
        say("copy_file_range", "EPERM", "the output is immutable");
        say("copy_file_range", "ETXTBSY", "a side is in use as swap space");
        say("copy_file_range", "EXDEV", "the files are on two file systems that cannot copy between each other");
        say("sendfile", "EAGAIN", "the output is non-blocking and full");
        say("sendfile", "EBADF", "a side is not open in its direction");
        say("sendfile", "EINVAL", "the input is a socket, pipe or special file, or the output is open for append");
        say("sendfile", "EIO", "the input could not be read");
        say("sendfile", "ENOMEM", "the kernel is out of memory");
        say("sendfile", "EOVERFLOW", "offset and length are more than a file can have");
        say("sendfile", "ESPIPE", "an offset was given for an input that has none");
        say("splice", "EAGAIN", "the input is empty or the output full; the call does not say which");
        say("splice", "EBADF", "a side is not open in its direction");
        say(
                "splice",
                "EINVAL",
                "neither side is a pipe, or both are one pipe, or the output is open for append,"
                        + " or a side has no splice (procfs, some devices)");
        say("splice", "ENOMEM", "the kernel is out of memory");
        say("splice", "ESPIPE", "an offset was given for a pipe");
        say("read", "EAGAIN", "the input is non-blocking and empty");
        say("read", "EBADF", "the input is not open for reading");
        say("read", "EINVAL", "the input is open with O_DIRECT, and address, length or offset is not aligned");
        say("read", "EIO", "the disk failed, or a terminal is another process group's");
        say("read", "EISDIR", "the input is a directory");
        say("read", "ECONNRESET", "the peer reset the connection");
        say("write", "EAGAIN", "the output is non-blocking and full");
        say("write", "EBADF", "the output is not open for writing");
        say("write", "EDQUOT", "the user's quota is used up");
        say(
                "write",
                "EFBIG",
                "the file would be larger than the limit, of the process (ulimit -f) or of the file system");
        say("write", "EINVAL", "the output is open with O_DIRECT, and address, length or offset is not aligned");
        say("write", "EIO", "the disk failed; some of what was written before may be lost as well");
        say("write", "ENOSPC", "the device is full");
        say("write", "EPERM", "the output is sealed or immutable");
        say("write", "EPIPE", "nobody reads the pipe or socket any more");
        say("write", "ECONNRESET", "the peer reset the connection");
        for (String call : List.of("ficlone", "copy_file_range", "sendfile", "splice")) {
            say(call, "ENOSYS", "the kernel has no such call, or a seccomp filter hides it");
            CALLS.getOrDefault(call, Map.of()).putIfAbsent("EPERM", "a seccomp filter forbids the call");
        }
    }

    private ErrnoMeaning() {}

    private static void say(String call, String errno, String meaning) {
        CALLS.computeIfAbsent(call, name -> new LinkedHashMap<>()).put(errno, meaning);
    }

    /// The number of a name such as `EINVAL`, 0 where there is none.
    public static int number(String name) {
        for (int errno = 1; errno < 134; errno++) {
            if (Errno.name(errno).equals(name)) {
                return errno;
            }
        }
        return 0;
    }

    public static List<String> names() {
        List<String> names = new ArrayList<>();
        for (int errno = 1; errno < 134; errno++) {
            names.add(Errno.name(errno));
        }
        return names;
    }

    /// What each call means by it, and what of that is known of this pair.
    public static String text(String errno, Plan plan) {
        StringBuilder text =
                new StringBuilder(errno + " (" + number(errno) + "): " + Errno.text(number(errno)) + "\n\n");
        meanings(errno, plan)
                .forEach((call, meaning) -> text.append("  ")
                        .append(call)
                        .append(" ".repeat(Math.max(1, 17 - call.length())))
                        .append(meaning)
                        .append('\n'));
        return text.toString();
    }

    public static Map<String, String> meanings(String errno, Plan plan) {
        Map<String, String> meanings = new LinkedHashMap<>();
        CALLS.forEach((call, errnos) -> {
            String meaning = errnos.get(errno);
            if (meaning != null) {
                String here = here(call, plan);
                meanings.put(call, here == null ? meaning : meaning + "; here: " + here);
            }
        });
        if (meanings.isEmpty()) {
            meanings.put("any call", "no data call gives it a meaning of its own");
        }
        return meanings;
    }

    private static @Nullable String here(String call, Plan plan) {
        for (Declined declined : plan.declined()) {
            if (declined.method().toString().equals(call.equals("ficlone") ? "reflink" : call)) {
                return declined.reason();
            }
        }
        return null;
    }
}
