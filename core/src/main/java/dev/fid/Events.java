package dev.fid;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import org.jspecify.annotations.Nullable;

/// Events for JDK Flight Recorder: `dev.fid.Transfer`, `dev.fid.Fanout`, `dev.fid.Link`, `dev.fid.Fallback`,
/// `dev.fid.Park`. Their fields are described in docs/reference/flight-recorder.md.
final class Events {
    private Events() {}

    /// What the events of whole runs share.
    @StackTrace(false)
    abstract static class Run extends Event {
        @Label("Bytes")
        @Description("Bytes that arrived")
        @DataAmount
        long bytes;

        @Label("Bytes through user space")
        @DataAmount
        long userBytes;

        @Label("Method")
        @Description("What moved the most")
        @Nullable
        String method;

        @Label("Errno")
        @Description("Name of the error that ended it, such as EPIPE; another exception's class; null at a success")
        @Nullable
        String errno;

        @Label("Side")
        @Description("The side that failed: IN, OUT or NONE; null at a success")
        @Nullable
        String side;

        @Label("Message")
        @Description("The whole message of the failure")
        @Nullable
        String message;

        final void failed(Throwable failure, long moved) {
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

    @Name("dev.fid.Transfer")
    @Label("Transfer")
    @Category("Fid")
    @Description("Bytes moved from one descriptor to another")
    @StackTrace(false)
    static final class Moving extends Run {
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

    @Name("dev.fid.Fanout")
    @Label("Fanout")
    @Category("Fid")
    @Description("Bytes of one descriptor given to several")
    @StackTrace(false)
    static final class FanningOut extends Run {
        @Label("In")
        @Nullable
        String in;

        @Label("Outs")
        @Nullable
        String outs;

        @Label("Outputs left out")
        int failed;

        @Label("Bytes dropped")
        @Description("Bytes that outputs lost because they did not keep up")
        @DataAmount
        long dropped;

        void done(Fanout.Result result) {
            bytes = result.bytes();
            userBytes = result.userBytes();
            method = result.method().toString();
        }

        void branches(java.util.List<Fanout.Branch> branches) {
            failed = (int) branches.stream().filter(b -> b.failure() != null).count();
            dropped = branches.stream().mapToLong(Fanout.Branch::dropped).sum();
        }
    }

    @Name("dev.fid.Link")
    @Label("Link")
    @Category("Fid")
    @Description("Two streams joined by Link.join, until both directions ended")
    @StackTrace(false)
    static final class Joining extends Run {
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
