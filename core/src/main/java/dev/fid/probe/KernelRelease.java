package dev.fid.probe;

import dev.fid.path.Proc;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// The version of a kernel, as far as its name tells. A distribution counts its own way behind the second number and
/// carries fixes back, so a number alone does not prove that a fix is missing.
///
/// @param release as uname(2) says it, e.g. `5.15.0-91-generic`
/// @param major the first number
/// @param minor the second number
/// @param patch the third number of the upstream kernel, or -1 where it is not known
/// @param vendor who built it, e.g. `Ubuntu`; `a vendor` where only a suffix is seen; empty for a plain upstream name
public record KernelRelease(String release, int major, int minor, int patch, String vendor) {
    private static final Pattern NUMBERS = Pattern.compile("(\\d+)\\.(\\d+)(?:\\.(\\d+))?(.*)");
    private static final Pattern DEBIAN = Pattern.compile("Debian (\\d+)\\.(\\d+)\\.(\\d+)");

    private static final Map<String, Pattern> VENDORS = Map.ofEntries(
            Map.entry("Red Hat", Pattern.compile(".*\\.el\\d+.*")),
            Map.entry("Amazon", Pattern.compile(".*amzn.*")),
            Map.entry("Oracle", Pattern.compile(".*uek.*")),
            Map.entry("Fedora", Pattern.compile(".*\\.fc\\d+.*")),
            Map.entry("SUSE", Pattern.compile(".*-default$")),
            Map.entry("Microsoft WSL", Pattern.compile(".*[Mm]icrosoft.*")),
            Map.entry("Android", Pattern.compile(".*-android.*")),
            Map.entry("Debian", Pattern.compile(".*(deb\\d+|-\\d+-(\\w+-)?(amd64|arm64))$|.*\\+deb\\d+.*")),
            Map.entry(
                    "Ubuntu",
                    Pattern.compile("\\d+\\.\\d+\\.0-\\d+-"
                            + "(generic|lowlatency|aws|azure|gcp|kvm|oem|oracle|ibm|raspi|realtime|virtual).*")));

    /// The kernel that runs here.
    static KernelRelease here() {
        return of(
                System.getProperty("os.version", ""),
                Proc.readOrNull("/proc/version"),
                Proc.readOrNull("/proc/version_signature"));
    }

    /// Reads a release and, where they are there, the files in which Debian and Ubuntu name the upstream version.
    ///
    /// @param release as uname(2) says it
    /// @param version `/proc/version`, or null
    /// @param signature `/proc/version_signature`, e.g. `Ubuntu 5.15.0-91.101-generic 5.15.131`, or null
    /// @return major and minor 0 where `release` begins with no numbers
    public static KernelRelease of(String release, @Nullable String version, @Nullable String signature) {
        Matcher matcher = NUMBERS.matcher(release);
        if (!matcher.matches()) {
            return new KernelRelease(release, 0, 0, -1, "");
        }
        int major = number(matcher.group(1));
        int minor = number(matcher.group(2));
        int patch = matcher.group(3) == null ? 0 : number(matcher.group(3));
        String suffix = matcher.group(4);
        String vendor = suffix.isEmpty() || suffix.matches("-rc\\d+\\+?|\\+") ? "" : vendor(release);
        int upstream = upstream(major, minor, version, signature);
        if (upstream >= 0) {
            patch = upstream;
        } else if (patch == 0 && !vendor.isEmpty()) {
            patch = -1; // 5.15.0-91-generic is not 5.15.0
        }
        return new KernelRelease(release, major, minor, patch, vendor);
    }

    private static String vendor(String release) {
        for (Map.Entry<String, Pattern> vendor : VENDORS.entrySet()) {
            if (vendor.getValue().matcher(release).matches()) {
                return vendor.getKey();
            }
        }
        return "a vendor";
    }

    /// The third number; -1 where nobody says it. Debian's compiler names its own version before the kernel's, so only
    /// one that begins as the release does counts.
    private static int upstream(int major, int minor, @Nullable String version, @Nullable String signature) {
        String prefix = major + "." + minor + ".";
        Matcher debian = DEBIAN.matcher(version == null ? "" : version);
        String found = null;
        while (debian.find()) {
            String named = debian.group(1) + "." + debian.group(2) + "." + debian.group(3);
            found = named.startsWith(prefix) ? named : found;
        }
        if (signature != null && signature.startsWith("Ubuntu")) {
            found = signature.substring(signature.lastIndexOf(' ') + 1).strip();
        }
        return found != null && found.matches(Pattern.quote(prefix) + "\\d{1,5}")
                ? number(found.substring(prefix.length()))
                : -1;
    }

    /// 0 for what no kernel has.
    private static int number(String digits) {
        return digits.length() > 5 ? 0 : Integer.parseInt(digits);
    }

    /// Whether the numbers were understood.
    public boolean known() {
        return major > 0;
    }

    /// Below 0, 0 or above 0, by the first two numbers.
    int compare(int otherMajor, int otherMinor) {
        return major != otherMajor ? Integer.compare(major, otherMajor) : Integer.compare(minor, otherMinor);
    }

    @Override
    public String toString() {
        return release;
    }
}
