/// Words that the users of a relay read, and numbers that its rooms count: event loops, addresses, endings, totals.
/// Relays are in {@link dev.fid.net.relay}, what operators see of them in {@link dev.fid.net.admin}.
@NullMarked
package dev.fid.net;

import org.jspecify.annotations.NullMarked;
