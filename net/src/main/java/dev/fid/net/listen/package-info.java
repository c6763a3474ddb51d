/// Where a relay listens, and who accepts: sockets, ports, socket files. What becomes of a client is not decided
/// here.
@NullMarked
package dev.fid.net.listen;

import org.jspecify.annotations.NullMarked;
