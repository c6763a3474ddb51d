/// A relay for TCP and unix stream sockets whose bytes do not pass through the process.
///
/// Reading order: {@link dev.fid.net.Relay} (what a user holds), {@link dev.fid.net.RelayBuilder} and `Terms` (what it
/// is set to), `Ports` (where it listens), `Listener` (accepts), `Branch` (the part of a relay on one event loop),
/// `Connection` (one client: its `Greeting`, the `Dial` to its upstream or one of the `Spares`, then a link and its
/// `Silence`), `Peer` (one socket on the loop). {@link dev.fid.net.Service} holds many relays,
/// {@link dev.fid.net.Admin} shows them.
@NullMarked
package dev.fid.net;

import org.jspecify.annotations.NullMarked;
