/// Measures the ways to move bytes against each other.
///
/// Reading order: {@link dev.fid.bench.Demo} moves one file every way; {@link dev.fid.bench.Bench} runs races and
/// saves a report. A *bed* is a route that is ready to be run, with the threads at its other ends; a *way* moves
/// its bytes; a *contender* is a way under a name; a *race* lets contenders take turns; the *suite* is all races
/// of a machine. A *report* is what they gave, a *page* is how people read it.
@NullMarked
package dev.fid.bench;

import org.jspecify.annotations.NullMarked;
