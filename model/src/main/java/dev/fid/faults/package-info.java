/// Faults on demand: {@link dev.fid.faults.FaultyKernel} breaks calls of any kernel. It knows no model, so that users'
/// tests
/// need none.
@NullMarked
package dev.fid.faults;

import org.jspecify.annotations.NullMarked;
