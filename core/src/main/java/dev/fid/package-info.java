/// Moves bytes between two descriptors through the kernel, by the best method that it allows, and tells which.
///
///     Fd in ──▶ Transfer ──▶ Fd out          one input, one output
///     Fd in ──▶ Fanout ──┬─▶ Fd out          one input, several outputs
///                        └─▶ Fd out
///     Fd left ◀──▶ Link ◀──▶ Fd right        two streams, both directions; a Link is two Lanes
///
///     Plan: what would be done     Moved: what was done     ErrnoException: what went wrong
///
/// Read in this order: {@link dev.fid.Fd} (descriptors, and who closes them), {@link dev.fid.Transfer} and {@link
/// dev.fid.Moved}, {@link dev.fid.Consistency}, {@link dev.fid.Plan} and {@link dev.fid.Method}; then what you need
/// of {@link dev.fid.Replacement}, {@link dev.fid.Fanout}, {@link dev.fid.Link}, {@link dev.fid.Pipe} and {@link
/// dev.fid.Probe}. {@link dev.fid.Fid} has the shortest forms. Below all of it is {@link dev.fid.kernel.Kernel}.
@NullMarked
package dev.fid;

import org.jspecify.annotations.NullMarked;
