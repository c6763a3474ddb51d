/// Options that several commands share, and how picocli reads their values.
@NullMarked
package dev.fid.cli.option;

import org.jspecify.annotations.NullMarked;
