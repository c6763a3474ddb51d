/// The command `fid`: as child processes for what needs a process, else within the test's own.
@NullMarked
package dev.fid.tests.cli;

import org.jspecify.annotations.NullMarked;
