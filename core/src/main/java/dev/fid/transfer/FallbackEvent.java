package dev.fid.transfer;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import org.jspecify.annotations.Nullable;

/// Event of a method that the kernel refused. Its fields are described in docs/reference/flight-recorder.md.
@Name("dev.fid.Fallback")
@Label("Fallback")
@Category("Fid")
@Description("A method that the kernel refused, so that the next one of the plan was taken")
@StackTrace(false)
final class FallbackEvent extends Event {
    @Label("Method")
    @Nullable
    String method;

    @Label("Reason")
    @Nullable
    String reason;
}
