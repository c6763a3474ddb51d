package dev.fid.tests.faults;

import dev.fid.tests.conformance.Command;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// A JVM that runs {@link Subject}.
final class Child {
    private Child() {}

    /// The words that start it, behind those of `launcher`.
    static List<String> command(List<String> launcher, Object... arguments) {
        return command(launcher, classPath(), arguments);
    }

    private static List<String> command(List<String> launcher, String classPath, Object... arguments) {
        List<String> words = new ArrayList<>(launcher);
        words.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        words.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"));
        words.addAll(List.of("-Xmx64m", "-cp", classPath, Subject.class.getName()));
        Arrays.stream(arguments).map(Object::toString).forEach(words::add);
        return words;
    }

    /// What it prints. A status other than 0 fails the test.
    static List<String> run(List<String> launcher, Object... arguments) throws IOException {
        return Command.run(command(launcher, arguments).toArray()).lines().toList();
    }

    /// What it prints as user nobody, without any capability. The classes go to `folder` first, where that user
    /// may read them.
    static List<String> runAsNobody(List<String> launcher, Path folder, Object... arguments) throws IOException {
        List<String> copied = new ArrayList<>();
        for (String entry : classPath().split(File.pathSeparator, -1)) {
            Path copy = folder.resolve("classes" + copied.size());
            Command.run("cp", "-rL", entry, copy);
            copied.add(copy.toString());
        }
        Command.run("chmod", "-R", "a+rX", folder);
        List<String> words = new ArrayList<>(launcher);
        words.addAll(List.of("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--bounding-set=-all"));
        return Command.run(command(words, String.join(File.pathSeparator, copied), arguments)
                        .toArray())
                .lines()
                .toList();
    }

    /// What {@link Subject} needs of the class path.
    private static String classPath() {
        List<String> needed = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
            if (Files.isDirectory(Path.of(entry)) || entry.contains("fid-core") || entry.contains("fid-model")) {
                needed.add(entry);
            }
        }
        return String.join(File.pathSeparator, needed);
    }
}
