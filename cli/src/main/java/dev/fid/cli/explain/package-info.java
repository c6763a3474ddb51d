/// `fid explain`: plans, errors, and walks on the model.
@NullMarked
package dev.fid.cli.explain;

import org.jspecify.annotations.NullMarked;
