package dev.fid.tests.faults;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReplacementCampaignTest {
    @TempDir(factory = InMemory.class)
    Path folder;

    @Test
    void aReplacementIsTheOldFileOrTheNewOneWhateverCallIsBroken() throws Exception {
        try (Campaign campaign = new Campaign("replacements", folder, 6)) {
            campaign.run(ReplacementScenarios.all());
        }
    }
}
