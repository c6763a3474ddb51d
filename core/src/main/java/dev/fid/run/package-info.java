/// What every run keeps: bytes and time against their bounds, system calls made, pipes that were made larger. How
/// bytes move is not here.
@NullMarked
package dev.fid.run;

import org.jspecify.annotations.NullMarked;
