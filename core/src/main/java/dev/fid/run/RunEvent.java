package dev.fid.run;

import dev.fid.kernel.ErrnoException;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.StackTrace;
import org.jspecify.annotations.Nullable;

/// What the events of whole runs share, for JDK Flight Recorder.
@StackTrace(false)
public abstract class RunEvent extends Event {
    @Label("Bytes")
    @Description("Bytes that arrived")
    @DataAmount
    public long bytes;

    @Label("Bytes through user space")
    @DataAmount
    public long userBytes;

    @Label("Method")
    @Description("What moved the most")
    public @Nullable String method;

    @Label("Errno")
    @Description("Name of the error that ended it, such as EPIPE; another exception's class; null at a success")
    public @Nullable String errno;

    @Label("Side")
    @Description("The side that failed: IN, OUT or NONE; null at a success")
    public @Nullable String side;

    @Label("Message")
    @Description("The whole message of the failure")
    public @Nullable String message;

    public final void failed(Throwable failure, long moved) {
        bytes = moved;
        message = failure.getMessage();
        if (failure instanceof ErrnoException e) {
            errno = dev.fid.kernel.Errno.name(e.errno());
            side = e.side().name();
        } else {
            errno = failure.getClass().getSimpleName();
        }
    }
}
