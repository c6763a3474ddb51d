/// What a measurement needs: clocks, counters, statistics, a place to work in, figures for people. No route is known
/// here.
@NullMarked
package dev.fid.bench.measure;

import org.jspecify.annotations.NullMarked;
