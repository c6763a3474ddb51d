package dev.fid.cli;

import dev.fid.bench.measure.Json;
import dev.fid.cli.base.Action;
import dev.fid.cli.base.Context;
import dev.fid.cli.base.Failure;
import java.io.IOException;
import java.io.InputStream;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Properties;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// `fid version`.
@Command(
        name = "version",
        description = {"Prints the versions of fid, of the JVM and of the kernel.", ""},
        footer = {"", "Examples:", "  fid version", "  fid version --json"})
final class VersionCommand implements Action {
    @Option(names = "--json", description = "Prints JSON.")
    private boolean json;

    @Override
    public void run(Context context) throws Failure {
        context.console().print(json ? json() : text());
    }

    static String text() {
        return "fid " + version() + "\njava " + java() + "\nlinux " + kernel() + "\n";
    }

    private static String json() {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("schema", "fid.version/1");
        object.put("fid", version());
        object.put("java", java());
        object.put("linux", kernel());
        return Json.of(object) + "\n";
    }

    private static String java() {
        return Runtime.version() + " (" + System.getProperty("java.vendor") + ")";
    }

    private static String kernel() {
        return System.getProperty("os.version") + " " + System.getProperty("os.arch");
    }

    static String version() {
        try (InputStream in = VersionCommand.class.getResourceAsStream("version.properties")) {
            Properties properties = new Properties();
            if (in != null) {
                properties.load(in);
            }
            return properties.getProperty("version", "unknown");
        } catch (IOException e) {
            return "unknown";
        }
    }
}
