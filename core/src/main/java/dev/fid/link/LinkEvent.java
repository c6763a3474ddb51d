package dev.fid.link;

import dev.fid.run.RunEvent;
import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import org.jspecify.annotations.Nullable;

/// Event of a {@link Link#join}. Its fields are described in docs/reference/flight-recorder.md.
@Name("dev.fid.Link")
@Label("Link")
@Category("Fid")
@Description("Two streams joined by Link.join, until both directions ended")
@StackTrace(false)
final class LinkEvent extends RunEvent {
    @Label("Left")
    @Nullable
    String left;

    @Label("Right")
    @Nullable
    String right;

    @Label("Bytes to the right")
    @DataAmount
    long toRight;

    @Label("Bytes to the left")
    @DataAmount
    long toLeft;
}
