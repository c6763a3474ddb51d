/// The command line: where a process begins, its help, its completion. Each command is a room of its own; what they
/// decide is which library call an option means.
@NullMarked
package dev.fid.cli;

import org.jspecify.annotations.NullMarked;
