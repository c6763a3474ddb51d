package dev.fid.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class SyscallsTest {
    /// Both columns, which the class itself cannot show on one machine. Maven runs tests in the folder of the
    /// module.
    private static final Path SOURCE = Path.of("src/main/java/dev/fid/kernel/Syscalls.java");

    private static final Pattern LINE = Pattern.compile("static final long (\\w+) = number\\((\\d+), (\\d+)\\);");

    /// The numbers of the table in `SOURCE`, as the C name: group 2 is x86-64, group 3 aarch64.
    private static Map<String, Long> column(int group) throws IOException {
        Map<String, Long> column = new LinkedHashMap<>();
        Matcher line = LINE.matcher(Files.readString(SOURCE));
        while (line.find()) {
            column.put("__NR_" + line.group(1).toLowerCase(Locale.ROOT), Long.valueOf(line.group(group)));
        }
        return column;
    }

    @Test
    void theNumbersForX86AreThoseOfTheHeader() throws IOException {
        Map<String, Long> own = column(2);
        assertThat(own).hasSize(CHeaders.constants(Syscalls.class).size()).hasSizeGreaterThan(60);
        assertThat(CHeaders.values("#include <asm/unistd_64.h>", own.keySet())).isEqualTo(own);
    }

    @Test
    void theNumbersForAarch64AreThoseOfTheGenericHeader() throws IOException {
        Map<String, Long> own = column(3);
        String headers = "#define __ARCH_WANT_RENAMEAT\n#include <asm-generic/unistd.h>";
        assertThat(CHeaders.values(headers, own.keySet())).isEqualTo(own);
    }

    @Test
    void theNumbersOfThisMachineAreThoseOfItsHeader() {
        Map<String, Long> own = new LinkedHashMap<>();
        CHeaders.constants(Syscalls.class)
                .forEach((name, number) -> own.put("__NR_" + name.toLowerCase(Locale.ROOT), number));
        assertThat(CHeaders.values("#include <sys/syscall.h>", own.keySet())).isEqualTo(own);
    }
}
