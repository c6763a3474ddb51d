/// `fid probe`: what is true on this machine, as text, table and JSON.
@NullMarked
package dev.fid.cli.probe;

import org.jspecify.annotations.NullMarked;
