/// One input to several outputs. Read {@link dev.fid.fanout.Fanout} (what is asked for), `FanoutRun` (its loop),
/// `FanoutSource` (a
/// pipe that is filled once) and `FanoutOutput` (each gets it by tee(2), and what it has not taken yet).
@NullMarked
package dev.fid.fanout;

import org.jspecify.annotations.NullMarked;
