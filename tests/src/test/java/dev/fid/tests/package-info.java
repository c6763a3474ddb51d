/// Suites that need more than one of Fid's modules, run from the class path against the real kernel.
@NullMarked
package dev.fid.tests;

import org.jspecify.annotations.NullMarked;
