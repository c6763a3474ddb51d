package dev.fid.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectMethod;

import java.io.IOException;
import java.nio.channels.Pipe;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.testkit.engine.EngineTestKit;

class DescriptorsCountedTest {
    private static @Nullable Pipe pipe;

    @AfterEach
    void closePipe() throws IOException {
        if (pipe != null) {
            pipe.source().close();
            pipe.sink().close();
        }
    }

    @Test
    void aTestThatLeavesAPipeOpenFailsAndBothEndsAreNamed() {
        assertThat(failuresOf("leavesAPipeOpen"))
                .singleElement()
                .satisfies(failure -> assertThat(failure)
                        .hasMessageMatching(
                                "left open by leavesAPipeOpen\\(\\): \\{\\d+=pipe:\\[\\d+], \\d+=pipe:\\[\\d+]}"));
    }

    @Test
    void aTestThatClosesWhatItOpenedPasses() {
        assertThat(failuresOf("closesItsPipe")).isEmpty();
    }

    private static List<Throwable> failuresOf(String method) {
        return EngineTestKit.engine("junit-jupiter")
                .configurationParameter("junit.jupiter.extensions.autodetection.enabled", "true")
                .selectors(selectMethod(Sample.class, method))
                .execute()
                .testEvents()
                .assertStatistics(events -> events.finished(1))
                .failed()
                .stream()
                .map(event -> event.getRequiredPayload(TestExecutionResult.class))
                .map(result -> result.getThrowable().orElseThrow())
                .toList();
    }

    /// Run by the tests above alone: Surefire does not look into nested classes.
    static final class Sample {
        @Test
        void leavesAPipeOpen() throws IOException {
            pipe = Pipe.open();
        }

        @Test
        void closesItsPipe() throws IOException {
            Pipe own = Pipe.open();
            own.source().close();
            own.sink().close();
        }
    }
}
