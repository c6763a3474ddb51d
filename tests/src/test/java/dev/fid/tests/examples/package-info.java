/// The programs of `examples/`, run as a user runs them, with real data and with faults.
@NullMarked
package dev.fid.tests.examples;

import org.jspecify.annotations.NullMarked;
