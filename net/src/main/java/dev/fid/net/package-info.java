/// A relay for TCP and unix stream sockets whose bytes do not pass through the process.
///
/// Reading order: {@link dev.fid.net.Relay} (what a user holds), `Terms` (what it is set to),
/// `Listener` (accepts), `Branch` (the part of a relay on one event loop), `Connection` (one client and its
/// upstream), `Peer` (one socket on the loop). {@link dev.fid.net.Service} holds many relays, {@link
/// dev.fid.net.Admin} shows them.
@NullMarked
package dev.fid.net;

import org.jspecify.annotations.NullMarked;
