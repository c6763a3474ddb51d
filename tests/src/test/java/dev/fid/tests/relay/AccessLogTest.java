package dev.fid.tests.relay;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fid.net.ConnectionStatus;
import dev.fid.net.Ending;
import dev.fid.net.LogEntry;
import dev.fid.net.admin.AccessLog;
import dev.fid.tests.Await;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Test;

/// The access log on a disk that is full for a while.
class AccessLogTest {
    /// Takes `room` bytes.
    private static final class Disk extends OutputStream {
        private final ByteArrayOutputStream written = new ByteArrayOutputStream();
        private int room;

        Disk(int room) {
            this.room = room;
        }

        @Override
        public synchronized void write(int one) throws IOException {
            if (room == 0) {
                throw new IOException("No space left on device");
            }
            room--;
            written.write(one);
        }

        synchronized void room(int bytes) {
            room = bytes;
        }

        synchronized String text() {
            return written.toString(UTF_8);
        }
    }

    private static LogEntry entry(int id) {
        return new LogEntry("r", new ConnectionStatus(id, "", "", "joined", 0, 0, 0, 0, 0), Ending.DONE, "");
    }

    @Test
    void aFullDiskIsToldOnceAndItsLinesAreCounted() throws Exception {
        ConcurrentLinkedQueue<String> told = new ConcurrentLinkedQueue<>();
        Disk disk = new Disk(10);
        try (AccessLog log = new AccessLog(() -> disk, e -> {}, e -> told.add(String.valueOf(e.getMessage())))) {
            for (int i = 1; i <= 50; i++) {
                log.accept(entry(i));
                if (i == 1) {
                    Await.until("it is told", () -> !told.isEmpty());
                }
            }
            disk.room(1_000_000);
            Await.until("the count is written", () -> disk.text().contains("\"lost\":"));
            assertThat(told).containsExactly("No space left on device");
        }
        String text = disk.text();
        assertThat(text.substring(0, 11)).isEqualTo("{\"id\":1,\"r\n");
        long whole = text.lines()
                .filter(line -> line.endsWith("}") && line.contains("\"time\""))
                .count();
        long lost = Long.parseLong(text.replaceFirst("(?s).*\"lost\":(\\d+).*", "$1"));
        assertThat(whole + lost).as(text).isEqualTo(50);
    }
}
