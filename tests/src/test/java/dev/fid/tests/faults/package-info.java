/// The library under faults: invented ones at every call ({@link dev.fid.tests.faults.Campaign}, then the
/// campaigns over transfers, replacements, fan-outs and links), and real ones (limits, full file systems, kills,
/// FUSE).
@NullMarked
package dev.fid.tests.faults;

import org.jspecify.annotations.NullMarked;
