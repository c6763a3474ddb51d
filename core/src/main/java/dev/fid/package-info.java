/// The nouns: descriptors, plans, methods, pipes. Their verbs are rooms of their own, each below one of these:
///
///     Fd in ──▶ Transfer ──▶ Fd out          one input, one output        {@link dev.fid.transfer}
///     Fd in ──▶ Fanout ──┬─▶ Fd out          one input, several outputs   {@link dev.fid.fanout}
///                        └─▶ Fd out
///     Fd left ◀──▶ Link ◀──▶ Fd right        both directions              {@link dev.fid.link}
///     Tree, Replacement                      files, whole or not at all   {@link dev.fid.files}
///
/// Read {@link dev.fid.Fd} (descriptors, and who closes them), {@link dev.fid.Consistency}, {@link dev.fid.Plan} (what
/// would be done)
/// and {@link dev.fid.Method}, then the verb that you need. Streams and channels are in {@link dev.fid.bridge}, what is
/// true on this
/// machine in {@link dev.fid.probe}, and below all of it is the seam to the kernel, {@link dev.fid.kernel}.
@NullMarked
package dev.fid;

import org.jspecify.annotations.NullMarked;
