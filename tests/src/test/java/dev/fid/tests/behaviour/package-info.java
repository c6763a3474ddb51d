/// What the library promises, tried on the running kernel through its public API: every method on every pair of
/// descriptors, platform and virtual threads, errors, changing sources, fan-outs and links. Read
/// {@link dev.fid.tests.behaviour.TransferMatrixTest} first.
@NullMarked
package dev.fid.tests.behaviour;

import org.jspecify.annotations.NullMarked;
