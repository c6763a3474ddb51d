/// Calls that name files: opened, walked, read for their holes, made again after EINTR. What becomes of files
/// and trees is decided in {@link dev.fid.files}; this room knows no descriptor object.
@NullMarked
package dev.fid.path;

import org.jspecify.annotations.NullMarked;
