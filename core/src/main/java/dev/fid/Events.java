package dev.fid;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import org.jspecify.annotations.Nullable;

/// Events for JDK Flight Recorder: `dev.fid.Transfer`, `dev.fid.Fallback`, `dev.fid.Park`.
final class Events {
    private Events() {}

    @Name("dev.fid.Transfer")
    @Label("Transfer")
    @Category("Fid")
    @Description("Bytes moved from one descriptor to another")
    @StackTrace(false)
    static final class Moving extends Event {
        @Label("In")
        @Nullable
        String in;

        @Label("Out")
        @Nullable
        String out;

        @Label("Method")
        @Nullable
        String method;

        @Label("Bytes")
        @DataAmount
        long bytes;

        @Label("Bytes through user space")
        @DataAmount
        long userBytes;
    }

    @Name("dev.fid.Fallback")
    @Label("Fallback")
    @Category("Fid")
    @Description("A method that the kernel refused, so that the next one of the plan was taken")
    @StackTrace(false)
    static final class Fallback extends Event {
        @Label("Method")
        @Nullable
        String method;

        @Label("Reason")
        @Nullable
        String reason;
    }

    @Name("dev.fid.Park")
    @Label("Park")
    @Category("Fid")
    @Description("A thread waited until a descriptor was ready")
    @StackTrace(false)
    static final class Park extends Event {
        @Label("Descriptor")
        @Nullable
        String fd;
    }
}
