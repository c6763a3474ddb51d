package dev.fid.tests.faults;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TransferCampaignTest {
    @TempDir(factory = InMemory.class)
    Path folder;

    @Test
    void aTransferMovesTheRightBytesOrFailsWhateverCallIsBroken() throws Exception {
        try (Campaign campaign = new Campaign("transfers", folder, 15)) {
            campaign.run(TransferScenarios.all());
        }
    }
}
