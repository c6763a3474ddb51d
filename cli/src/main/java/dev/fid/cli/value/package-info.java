/// Sizes, rates and durations as people write them.
@NullMarked
package dev.fid.cli.value;

import org.jspecify.annotations.NullMarked;
