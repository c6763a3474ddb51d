/// Contenders in turns: the races of files, pipes and sockets, and the suite of them.
@NullMarked
package dev.fid.bench.race;

import org.jspecify.annotations.NullMarked;
