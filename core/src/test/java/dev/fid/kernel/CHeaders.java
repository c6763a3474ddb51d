package dev.fid.kernel;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;

/// What the C headers of this machine say: a program that prints expressions is compiled with gcc and run.
final class CHeaders {
    private CHeaders() {}

    /// The value of each expression, by expression; an integer that gcc finds in `headers`.
    static Map<String, Long> values(String headers, Iterable<String> expressions) {
        StringBuilder body = new StringBuilder();
        for (String expression : expressions) {
            body.append("printf(\"%lld ").append(expression).append("\\n\", (long long) (");
            body.append(expression).append("));\n");
        }
        Map<String, Long> values = new LinkedHashMap<>();
        for (String line : lines(headers, body.toString())) {
            int space = line.indexOf(' ');
            values.put(line.substring(space + 1), Long.valueOf(line.substring(0, space)));
        }
        return values;
    }

    /// The lines that a C program prints whose main function has this body.
    static List<String> lines(String headers, String body) {
        String program = "#define _GNU_SOURCE\n" + headers
                + "\n#include <stdio.h>\n#include <string.h>\nint main(void) {\n" + body + "return 0; }\n";
        try {
            Path dir = Files.createTempDirectory("fid-c");
            Path source = dir.resolve("values.c");
            Path binary = dir.resolve("values");
            try {
                Files.writeString(source, program);
                run(List.of("gcc", "-w", "-o", binary.toString(), source.toString()));
                return run(List.of(binary.toString())).lines().toList();
            } finally {
                Files.deleteIfExists(source);
                Files.deleteIfExists(binary);
                Files.delete(dir);
            }
        } catch (IOException e) {
            throw new AssertionError("the program could not be written or read", e);
        }
    }

    private static String run(List<String> command) throws IOException {
        Process process;
        try {
            process = new ProcessBuilder(command).redirectErrorStream(true).start();
        } catch (IOException e) {
            return Assumptions.abort("needs gcc");
        }
        process.getOutputStream().close();
        try (InputStream output = process.getInputStream()) {
            String text = new String(output.readAllBytes(), UTF_8);
            if (process.waitFor() != 0) {
                assumeFalse(text.contains("stdio.h: No such file"), "needs libc6-dev");
                throw new AssertionError(command + " failed: the headers lack a name?\n" + text);
            }
            return text;
        } catch (InterruptedException e) {
            throw new AssertionError("interrupted", e);
        } finally {
            process.getErrorStream().close();
        }
    }

    /// The integer constants of a class, by name.
    static Map<String, Long> constants(Class<?> owner) {
        Map<String, Long> constants = new LinkedHashMap<>();
        for (Field field : owner.getDeclaredFields()) {
            boolean number = field.getType() == int.class || field.getType() == long.class;
            if (number && Modifier.isStatic(field.getModifiers()) && Modifier.isFinal(field.getModifiers())) {
                try {
                    field.setAccessible(true);
                    constants.put(field.getName(), ((Number) field.get(null)).longValue());
                } catch (IllegalAccessException e) {
                    throw new AssertionError(e);
                }
            }
        }
        return constants;
    }
}
