/// `fid relay`, `fid ctl`, `fid top` and `fid config`: from files and options to the relays of fid-net.
@NullMarked
package dev.fid.cli.relay;

import org.jspecify.annotations.NullMarked;
