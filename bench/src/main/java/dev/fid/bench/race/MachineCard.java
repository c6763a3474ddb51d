package dev.fid.bench.race;

import dev.fid.bench.measure.Human;
import dev.fid.bench.measure.LauncherFlags;
import dev.fid.bench.measure.Processors;
import dev.fid.bench.way.PeerPrograms;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What a figure must not be read without: the machine, and the versions of all who took part.
public final class MachineCard {
    private MachineCard() {}

    /// The card, in the order in which it is shown.
    ///
    /// @param counters why instructions are not counted; empty where they are
    public static Map<String, Object> card(Processors processors, String counters) {
        Map<String, Object> card = new LinkedHashMap<>();
        String cpuInfo = read("/proc/cpuinfo");
        boolean virtual = cpuInfo.contains(" hypervisor");
        card.put("processor", found(cpuInfo, "model name\\s*: (.*)") + (virtual ? ", in a virtual machine" : ""));
        card.put("processors", Integer.toString(Runtime.getRuntime().availableProcessors()));
        card.put(
                "pinned",
                processors.ends() < 0
                        ? "nothing: there is one processor"
                        : "the mover to one processor, the other ends to another");
        long kib = Long.parseLong(found(read("/proc/meminfo"), "MemTotal:\\s*(\\d+)", "0"));
        card.put("memory", Human.bytes(kib << 10));
        card.put("kernel", "Linux " + found(read("/proc/sys/kernel/osrelease"), "^(\\d+(?:\\.\\d+)*)"));
        card.put("JDK", System.getProperty("java.vm.name") + " " + System.getProperty("java.vm.version"));
        card.put("JVM options", String.join(" ", options()));
        card.put("instructions", counters.isEmpty() ? "counted" : "not counted: " + counters);
        for (String tool : List.of("cc", "cp", "pv")) {
            String version = PeerPrograms.version(tool);
            if (!version.isEmpty()) {
                card.put(tool, version);
            }
        }
        return card;
    }

    /// The options that change how fast a JVM is, without those that name files.
    private static List<String> options() {
        return LauncherFlags.commandLine().stream()
                .filter(word -> word.startsWith("-X") && !word.startsWith("-Xlog") && !word.startsWith("-XX:AOTCache"))
                .toList();
    }

    /// A figure of /proc in KiB, such as VmRSS; 0 where it is not there.
    public static long kib(String path, String key) {
        return Long.parseLong(found(read(path), "^" + key + ":\\s*(\\d+)", "0"));
    }

    /// Free and reclaimable memory in bytes; 0 where that cannot be told.
    static long availableMemory() {
        return Long.parseLong(found(read("/proc/meminfo"), "MemAvailable:\\s*(\\d+)", "0")) << 10;
    }

    private static String read(String path) {
        try {
            return Files.readString(Path.of(path));
        } catch (IOException e) {
            return "";
        }
    }

    private static String found(String text, String pattern) {
        return found(text, pattern, "unknown");
    }

    private static String found(String text, String pattern, String otherwise) {
        Matcher matcher = Pattern.compile(pattern, Pattern.MULTILINE).matcher(text);
        return matcher.find() ? matcher.group(1).strip() : otherwise;
    }
}
