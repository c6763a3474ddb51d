/// Relays and their connections. Read {@link dev.fid.net.relay.Relay}, {@link dev.fid.net.relay.RelayBuilder},
/// `RelayLoop` (the part of a relay on
/// one event loop), `Connection` (one client), {@link dev.fid.net.relay.Service} (many relays).
@NullMarked
package dev.fid.net.relay;

import org.jspecify.annotations.NullMarked;
