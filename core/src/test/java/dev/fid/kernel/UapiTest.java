package dev.fid.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class UapiTest {
    private static final boolean AARCH64 = System.getProperty("os.arch").equals("aarch64");

    private static final String HEADERS = """
            #include <fcntl.h>
            #include <limits.h>
            #include <netinet/in.h>
            #include <netinet/tcp.h>
            #include <poll.h>
            #include <stdio.h>
            #include <sys/epoll.h>
            #include <sys/eventfd.h>
            #include <sys/mman.h>
            #include <sys/resource.h>
            #include <sys/socket.h>
            #include <sys/stat.h>
            #include <time.h>
            #include <linux/falloc.h>
            #include <linux/magic.h>
            #include <linux/openat2.h>
            #ifndef RWF_DONTCACHE
            #define RWF_DONTCACHE 0x80 /* Linux 6.14 */
            #endif
            """;

    @Test
    void everyConstantHasTheValueOfTheHeader() {
        Map<String, Long> own = CHeaders.constants(Uapi.class);
        Map<String, Long> header = CHeaders.values(HEADERS, own.keySet());
        assertThat(own).hasSizeGreaterThan(150);
        Map<String, Long> here = new LinkedHashMap<>();
        own.forEach((name, value) -> here.put(name, here(name, value)));
        assertThat(here).isEqualTo(header);
    }

    /// Open flags are translated on aarch64; unsigned constants of C that do not fit an int are negative in Java.
    private static long here(String name, long value) {
        if (name.startsWith("O_")) {
            return LinuxKernel.openFlags((int) value, AARCH64);
        }
        return name.equals("EPOLLET") ? Integer.toUnsignedLong((int) value) : value;
    }

    @Test
    void theIoctlsOfLinuxKernelAreThoseOfTheHeaders() {
        String headers = "#include <linux/fs.h>\n#include <asm/ioctls.h>\n";
        Map<String, Long> header = CHeaders.values(
                headers,
                List.of(
                        "FICLONE",
                        "FICLONERANGE",
                        "BLKGETSIZE64",
                        "FIONREAD",
                        "TIOCGWINSZ",
                        "TIOCSPTLCK",
                        "TIOCGPTPEER"));
        assertThat(CHeaders.constants(LinuxKernel.class)).containsAllEntriesOf(header);
    }

    @Test
    void theEpollEventIsReadWhereTheHeaderPutsIt() {
        Map<String, Long> own = CHeaders.constants(LinuxKernel.class);
        Map<String, Long> header = CHeaders.values(
                "#include <stddef.h>\n#include <sys/epoll.h>\n",
                List.of("sizeof(struct epoll_event)", "offsetof(struct epoll_event, data)"));
        assertThat(own.get("EPOLL_EVENT_BYTES")).isEqualTo(header.get("sizeof(struct epoll_event)"));
        assertThat(own.get("EPOLL_DATA")).isEqualTo(header.get("offsetof(struct epoll_event, data)"));
    }
}
