/// What a command says while it runs and at its end: progress, failures, CPU time.
@NullMarked
package dev.fid.cli.report;

import org.jspecify.annotations.NullMarked;
