package dev.fid.tests.faults;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TreeCampaignTest {
    @TempDir(factory = InMemory.class)
    Path folder;

    @Test
    void whateverCallIsBrokenFilesOfATreeAreWholeOrAbsent() throws Exception {
        try (Campaign campaign = new Campaign("trees", folder, 6)) {
            campaign.run(TreeScenarios.all());
        }
    }
}
