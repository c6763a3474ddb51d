package dev.fid.wait;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import org.jspecify.annotations.Nullable;

/// Event of a thread that waited for descriptors. Its fields are described in docs/reference/flight-recorder.md.
@Name("dev.fid.Park")
@Label("Park")
@Category("Fid")
@Description("A thread waited until a descriptor was ready")
@StackTrace(false)
final class ParkEvent extends Event {
    @Label("Descriptor")
    @Nullable
    String fd;
}
