/// `fid bench` and `fid demo`: options; what is measured is in fid-bench.
@NullMarked
package dev.fid.cli.bench;

import org.jspecify.annotations.NullMarked;
