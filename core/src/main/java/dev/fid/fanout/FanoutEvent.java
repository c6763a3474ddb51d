package dev.fid.fanout;

import dev.fid.run.RunEvent;
import java.util.List;
import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import org.jspecify.annotations.Nullable;

/// Event of a run of {@link Fanout}. Its fields are described in docs/reference/flight-recorder.md.
@Name("dev.fid.Fanout")
@Label("Fanout")
@Category("Fid")
@Description("Bytes of one descriptor given to several")
@StackTrace(false)
final class FanoutEvent extends RunEvent {
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

    void branches(List<Fanout.Branch> branches) {
        failed = (int) branches.stream().filter(b -> b.failure() != null).count();
        dropped = branches.stream().mapToLong(Fanout.Branch::dropped).sum();
    }
}
