/// Walks of Fid's own engine on the model of the kernel: every call, the kernel functions that it passes, what
/// lies in pipes and sockets after it, and the bill.
///
/// Start with {@link dev.fid.bench.trace.Trace}. Nothing here knows a walk: a {@link dev.fid.bench.trace.Stage}
/// sets up descriptors on a {@link dev.fid.model.ModelKernel}, `dev.fid` runs on it, and what is told was seen
/// there.
@NullMarked
package dev.fid.bench.trace;

import org.jspecify.annotations.NullMarked;
