/// A route that is ready to be run, with the threads at its other ends.
@NullMarked
package dev.fid.bench.bed;

import org.jspecify.annotations.NullMarked;
