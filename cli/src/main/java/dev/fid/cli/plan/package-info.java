/// What would be done, in words, without doing it: for `--dry-run` and `fid explain`.
@NullMarked
package dev.fid.cli.plan;

import org.jspecify.annotations.NullMarked;
