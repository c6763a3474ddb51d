/// Plans a transfer between two file descriptors and carries it out: `Plan` says how, `Transfer` does it.
@NullMarked
package dev.fid;

import org.jspecify.annotations.NullMarked;
