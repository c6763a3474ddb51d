/// The relay, with real sockets and real peers.
@org.jspecify.annotations.NullMarked
package dev.fid.tests.relay;
