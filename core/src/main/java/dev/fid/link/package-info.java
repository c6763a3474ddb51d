/// Two streams, both ways, for event loops that wait by themselves. Read {@link dev.fid.link.Link} (both directions),
/// {@link dev.fid.link.Lane} (one of them), `SpliceOrCopy` (which of the two a lane does) and {@link
/// dev.fid.link.PipePool}. Who accepts
/// and dials is in fid-net.
@NullMarked
package dev.fid.link;

import org.jspecify.annotations.NullMarked;
