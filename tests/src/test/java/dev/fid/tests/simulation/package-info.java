/// Links driven on the model of the kernel in virtual time: one number makes one run, always the same.
@NullMarked
package dev.fid.tests.simulation;

import org.jspecify.annotations.NullMarked;
