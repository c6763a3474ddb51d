package dev.fid.tests.behaviour;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.fid.Fd;
import dev.fid.fanout.Fanout;
import dev.fid.kernel.ErrnoException;
import dev.fid.link.Link;
import dev.fid.link.PipePool;
import dev.fid.transfer.Transfer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;

/// What Java Flight Recorder sees of runs: one event each, of those that failed, too.
class FlightRecorderTest extends Fixture {
    private interface Action {
        void run() throws Exception;
    }

    @Test
    void aTransferThatFailsTellsItsErrnoAndSide() throws Exception {
        Fd[] in = unixPair();
        Fd[] out = unixPair();
        put(in[1], "hello");
        RecordedEvent event = one("dev.fid.Transfer", () -> {
            Transfer transfer = Transfer.from(in[0]).to(out[0]).idleTimeout(Duration.ofMillis(5));
            assertThat(catchThrowableOfType(ErrnoException.class, transfer::run))
                    .isNotNull();
        });
        assertThat(event.getString("errno")).isEqualTo("ETIMEDOUT");
        assertThat(event.getString("side")).isEqualTo("IN");
        assertThat(event.getLong("bytes")).isEqualTo(5);
        assertThat(event.getString("in")).isEqualTo(in[0].toString());
        assertThat(event.getString("message")).contains("nothing moved for");
    }

    @Test
    void aFanoutIsOneEvent() throws Exception {
        Ends in = pipe();
        Ends a = pipe();
        Ends b = pipe();
        put(in.out(), "hello");
        in.out().close();
        b.in().close();
        RecordedEvent event = one(
                "dev.fid.Fanout",
                () -> Fanout.from(in.in()).to(a.out(), b.out()).run());
        assertThat(event.getLong("bytes")).isEqualTo(5);
        assertThat(event.getString("method")).isEqualTo("tee");
        assertThat(event.getInt("failed")).isEqualTo(1);
        assertThat(event.getString("errno")).isNull();
    }

    @Test
    void aJoinedLinkIsOneEventAndTellsBothDirections() throws Exception {
        Fd[] left = unixPair();
        Fd[] right = unixPair();
        put(left[1], "question?");
        put(right[1], "answer");
        left[1].shutdownOutput();
        right[1].shutdownOutput();
        RecordedEvent event = one("dev.fid.Link", () -> {
            try (PipePool pool = new PipePool(kernel, dev.fid.PipeBudget.of(kernel), 1 << 16, PipePool.Splicing.AUTO);
                    Link link = new Link(left[0], right[0], pool)) {
                link.join();
            }
        });
        assertThat(event.getLong("toRight")).isEqualTo(9);
        assertThat(event.getLong("toLeft")).isEqualTo(6);
        assertThat(event.getLong("bytes")).isEqualTo(15);
        assertThat(event.getString("errno")).isNull();
    }

    @Test
    void theReferenceNamesEachEventAndField() throws Exception {
        String page = Files.readString(Path.of("../docs/reference/flight-recorder.md"));
        for (String name : List.of("Transfer", "Fanout", "Link", "Fallback", "Park")) {
            assertThat(page).contains("dev.fid." + name);
        }
        for (var type : jdk.jfr.FlightRecorder.getFlightRecorder().getEventTypes()) {
            if (type.getName().startsWith("dev.fid.")) {
                type.getFields().stream()
                        .map(jdk.jfr.ValueDescriptor::getName)
                        .filter(field -> !List.of("startTime", "duration", "eventThread", "stackTrace")
                                .contains(field))
                        .forEach(field -> assertThat(page).contains("`" + field + "`"));
            }
        }
    }

    /// The only event of this name while `action` runs.
    private RecordedEvent one(String name, Action action) throws Exception {
        Path file = dir.resolve("flight.jfr");
        try (Recording recording = new Recording()) {
            recording.enable(name).withoutThreshold();
            recording.start();
            action.run();
            recording.stop();
            recording.dump(file);
        }
        List<RecordedEvent> events = RecordingFile.readAllEvents(file).stream()
                .filter(event -> event.getEventType().getName().equals(name))
                .toList();
        assertThat(events).as(name).hasSize(1);
        return events.getFirst();
    }
}
