package dev.fid.transfer;

import dev.fid.run.RunEvent;
import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import org.jspecify.annotations.Nullable;

/// Event of a run of {@link Transfer}. Its fields are described in docs/reference/flight-recorder.md.
@Name("dev.fid.Transfer")
@Label("Transfer")
@Category("Fid")
@Description("Bytes moved from one descriptor to another")
@StackTrace(false)
final class TransferEvent extends RunEvent {
    @Label("In")
    @Nullable
    String in;

    @Label("Out")
    @Nullable
    String out;

    void done(Moved moved) {
        bytes = moved.bytes();
        userBytes = moved.userBytes();
        method = moved.method().toString();
    }
}
