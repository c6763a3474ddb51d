/// Streams and channels of the JDK over a descriptor: {@link dev.fid.bridge.Streams}. Their bytes pass through Java,
/// so no transfer uses them.
@NullMarked
package dev.fid.bridge;

import org.jspecify.annotations.NullMarked;
