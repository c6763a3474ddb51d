package dev.fid.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ErrnoTest {
    private static final Map<String, Long> OWN = CHeaders.constants(Errno.class);

    @Test
    void everyNumberIsThatOfTheHeader() {
        assertThat(OWN).hasSizeGreaterThan(120);
        assertThat(CHeaders.values("#include <errno.h>", OWN.keySet())).isEqualTo(OWN);
    }

    @Test
    void everyErrnoOfTheMachineIsKnown() {
        String body =
                "for (int i = 1; i < 4096; i++) if (strerrorname_np(i)) printf(\"%d %s\\n\", i, strerrorname_np(i));";
        Map<String, Long> machine = new LinkedHashMap<>();
        for (String line : CHeaders.lines("#include <errno.h>", body)) {
            int space = line.indexOf(' ');
            machine.put(line.substring(space + 1), Long.valueOf(line.substring(0, space)));
        }
        assertThat(OWN).containsAllEntriesOf(machine);
    }

    @Test
    void everyTextIsThatOfStrerror() {
        List<String> texts = CHeaders.lines("#include <errno.h>", "for (int i = 1; i < 134; i++) puts(strerror(i));");
        for (int errno = 1; errno < 134; errno++) {
            assertThat(Errno.text(errno)).isEqualTo(texts.get(errno - 1));
        }
    }

    @Test
    void nameAndNumberAreInverse() {
        OWN.forEach((name, number) -> {
            assertThat(Errno.name(number.intValue())).isEqualTo(name);
            assertThat(Errno.number(name)).isEqualTo(number.intValue());
        });
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 0, 41, 58, 134, 4095, Integer.MAX_VALUE, Integer.MIN_VALUE})
    void aNumberWithoutNameIsShownAsNumber(int errno) {
        assertThat(Errno.name(errno)).isEqualTo("errno " + errno);
        assertThat(Errno.text(errno)).isEqualTo("Unknown error " + errno);
    }

    @Test
    void anUnknownNameHasNoNumber() {
        assertThat(Errno.number("EWHAT")).isEqualTo(-1);
    }
}
