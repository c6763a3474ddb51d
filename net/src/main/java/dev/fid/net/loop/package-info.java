/// A socket on an event loop, and what the loop lends to it. Which socket it is, a client's or an upstream's, is not
/// known here.
@NullMarked
package dev.fid.net.loop;

import org.jspecify.annotations.NullMarked;
