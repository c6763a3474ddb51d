package dev.fid.tests.peers;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;

/// What scenes are made of.
final class Things {
    private Things() {}

    /// Old, where its content says so.
    static void file(Path path, String content, String mode) throws IOException {
        Files.writeString(path, content);
        mode(path, mode);
        Files.setLastModifiedTime(path, FileTime.fromMillis(content.startsWith("old") ? 1_000_000 : 2_000_000));
    }

    static void mode(Path path, String mode) throws IOException {
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(mode));
    }

    static void link(Path path, String target) throws IOException {
        Files.createSymbolicLink(path, Path.of(target));
    }

    static byte[] bytes(Path path) {
        return path.toString().getBytes(UTF_8);
    }

    static void check(int result) {
        if (result < 0) {
            throw new AssertionError("errno " + -result);
        }
    }
}
