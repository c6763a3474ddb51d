/// One input to one output. Read {@link dev.fid.transfer.Transfer} (what is asked for), `TransferRun` (one run of it),
/// `LadderRun` (from rung to rung of the {@link dev.fid.Plan}), then the `Mover`s, one for each method. Several outputs
/// are in {@link
/// dev.fid.fanout}, both directions in {@link dev.fid.link}.
@NullMarked
package dev.fid.transfer;

import org.jspecify.annotations.NullMarked;
