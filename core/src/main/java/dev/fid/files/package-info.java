/// Files and trees, whole or not at all: what a copy is called meanwhile, when it gets its name, what a directory
/// keeps. Read {@link dev.fid.files.Replacement} and {@link dev.fid.files.Destination} for one file, {@link
/// dev.fid.files.Tree}, `TreeRun` and `TreeWorker` for trees. The
/// bytes of a file are moved by {@link dev.fid.transfer}.
@NullMarked
package dev.fid.files;

import org.jspecify.annotations.NullMarked;
