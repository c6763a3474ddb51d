package dev.fid.cli.base;

import dev.fid.kernel.Kernel;
import dev.fid.kernel.Memory;
import dev.fid.kernel.Name;
import dev.fid.kernel.Stat;
import dev.fid.kernel.Uapi;
import java.io.File;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// The words of the command line as the kernel has them: the one place where they become bytes, and bytes names.
///
/// The JVM decodes its arguments and loses what is not in the locale's encoding. Here they are strings as
/// {@link Name#text} makes them, from which the very bytes can be had again.
public final class Words {
    /// Before a word that names a file whatever it looks like: no word has it in itself.
    public static final String LITERAL = "\0";

    /// In the environment: a descriptor of the working directory that the launcher left because it was removed.
    private static final String DIRECTORY = "FID_DIRECTORY";

    private static final Set<String> TAKE_ENDPOINTS = Set.of("copy", "tee", "explain");
    private static final Charset LOCALE = locale();
    private static final int PATH_MAX = 4096;

    private Words() {}

    private static Charset locale() {
        try {
            return Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"));
        } catch (IllegalArgumentException e) {
            return StandardCharsets.US_ASCII;
        }
    }

    /// The arguments of this process. Source: proc_pid_cmdline(5)
    ///
    /// @param decoded as the JVM gives them
    public static String[] exact(String[] decoded) throws Failure {
        if (!isInDoubt(decoded)) {
            return decoded;
        }
        List<byte[]> all = new ArrayList<>();
        try {
            byte[] line = Files.readAllBytes(Path.of("/proc/self/cmdline"));
            int start = 0;
            for (int i = 0; i < line.length; i++) {
                if (line[i] == 0) {
                    all.add(Arrays.copyOfRange(line, start, i));
                    start = i + 1;
                }
            }
        } catch (IOException e) {
            throw new Failure(Exit.USAGE, "an argument is not ASCII, and /proc does not say its bytes", "", e);
        }
        if (all.size() < decoded.length) {
            throw Failure.usage("an argument is not ASCII, and /proc/self/cmdline is cut short");
        }
        List<byte[]> own = all.subList(all.size() - decoded.length, all.size());
        return own.stream().map(word -> Name.of(word).text()).toArray(String[]::new);
    }

    /// Whether the JVM may have lost a byte: it puts U+FFFD, or in an encoding of its own `?`, in its place.
    private static boolean isInDoubt(String[] words) {
        for (String word : words) {
            for (int i = 0; i < word.length(); i++) {
                char c = word.charAt(i);
                if (c > 126 || (c == '?' && !LOCALE.equals(StandardCharsets.UTF_8))) {
                    return true;
                }
            }
        }
        return false;
    }

    /// Behind `--` a SRC or DST is a file whatever it looks like, so that `fid copy -- * DST` runs no file that is
    /// named `exec:...`.
    public static String[] marked(String[] words) {
        int end = Arrays.asList(words).indexOf("--");
        if (end < 0 || Arrays.stream(words, 0, end).noneMatch(TAKE_ENDPOINTS::contains)) {
            return words;
        }
        String[] marked = words.clone();
        for (int i = end + 1; i < words.length; i++) {
            marked[i] = LITERAL + words[i];
        }
        return marked;
    }

    /// The name of a file that a word gives.
    public static Name name(String word) {
        return Name.of(word.startsWith("/") ? word : left() + word);
    }

    /// Whether a name is relative to a directory that the launcher left.
    public static boolean isInLeft(String name) {
        String left = left();
        return !left.isEmpty() && name.startsWith(left);
    }

    private static String left() {
        String directory = System.getenv(DIRECTORY);
        return directory == null ? "" : "/proc/self/fd/" + directory + "/";
    }

    /// Whether a file has the name, a link to nothing too.
    public static boolean exists(String word) {
        return !word.isEmpty()
                && Kernel.linux()
                                .statx(
                                        Uapi.AT_FDCWD,
                                        name(word).bytes(),
                                        Uapi.AT_SYMLINK_NOFOLLOW,
                                        Uapi.STATX_BASIC_STATS,
                                        new Stat())
                        == 0;
    }

    /// The path that a word gives to what works with paths.
    ///
    /// @throws IllegalArgumentException where there is none
    public static Path path(String word) {
        if (word.indexOf(0) >= 0) {
            throw new IllegalArgumentException("a path has no NUL");
        }
        Name name = name(word);
        return name.path(word.startsWith("/") ? name : here());
    }

    /// The working directory. Source: proc_pid_cwd(5)
    private static Name here() {
        Kernel kernel = Kernel.linux();
        byte[] link = Name.of("/proc/self/cwd").bytes();
        try (Memory memory = kernel.allocate(PATH_MAX)) {
            long length = kernel.readlinkat(Uapi.AT_FDCWD, link, memory, 0, PATH_MAX);
            if (length <= 0) {
                throw new IllegalArgumentException("/proc does not say the working directory");
            }
            return Name.of(memory.bytes(0, (int) length));
        }
    }

    // ---- for children ----

    /// A child with these words, in the directory that names are relative to.
    public static ProcessBuilder child(List<String> words) {
        ProcessBuilder builder = new ProcessBuilder(sayable(words));
        Map<String, String> environment = builder.environment();
        String directory = environment.remove(DIRECTORY);
        if (directory != null) {
            builder.directory(new File("/proc/" + ProcessHandle.current().pid() + "/fd/" + directory));
        }
        return builder;
    }

    /// The JVM encodes a child's words as it decodes its own: what it cannot say sh(1) puts together, from ASCII,
    /// and becomes the child.
    private static List<String> sayable(List<String> words) {
        if (words.stream().allMatch(word -> LOCALE.newEncoder().canEncode(word))) {
            return words;
        }
        StringBuilder script = new StringBuilder("set --\n");
        for (String word : words) {
            script.append("w=$(printf '");
            for (byte b : Name.of(word).bytes()) {
                script.append(String.format("\\%03o", b & 0xff));
            }
            // The dot keeps line breaks at the end, which $() takes away.
            script.append(".')\nset -- \"$@\" \"${w%.}\"\n");
        }
        return List.of("/bin/sh", "-c", script.append("exec \"$@\"").toString());
    }
}
