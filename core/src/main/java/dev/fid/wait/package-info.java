/// When a thread may go on: who uses a descriptor, who waits for it, who is woken. Platform threads wait in poll(2),
/// virtual ones are parked; no byte moves here.
@NullMarked
package dev.fid.wait;

import org.jspecify.annotations.NullMarked;
