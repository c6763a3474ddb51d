/// `fid copy`: options, one file or a tree, the report.
@NullMarked
package dev.fid.cli.copy;

import org.jspecify.annotations.NullMarked;
