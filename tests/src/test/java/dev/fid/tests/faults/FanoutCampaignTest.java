package dev.fid.tests.faults;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FanoutCampaignTest {
    @TempDir(factory = InMemory.class)
    Path folder;

    @Test
    void aFanOutGivesEveryOutputTheRightBytesOrItsErrorWhateverCallIsBroken() throws Exception {
        try (Campaign campaign = new Campaign("fan-outs", folder, 12)) {
            campaign.run(FanoutScenarios.all());
        }
    }
}
