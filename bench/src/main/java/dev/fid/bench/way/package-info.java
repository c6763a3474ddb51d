/// How bytes are moved over a bed, by Fid and by others; a contender is a way under a name.
@NullMarked
package dev.fid.bench.way;

import org.jspecify.annotations.NullMarked;
