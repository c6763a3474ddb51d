package dev.fid.tests.faults;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LinkCampaignTest {
    @TempDir(factory = InMemory.class)
    Path folder;

    @Test
    void aLinkPassesOnBothDirectionsOrFailsWhateverCallIsBroken() throws Exception {
        try (Campaign campaign = new Campaign("links", folder, 8)) {
            campaign.run(LinkScenarios.all());
        }
    }
}
