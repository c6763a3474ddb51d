/// `fid tee`: options, outputs, the report.
@NullMarked
package dev.fid.cli.tee;

import org.jspecify.annotations.NullMarked;
