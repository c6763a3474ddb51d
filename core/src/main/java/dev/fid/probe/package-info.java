/// What is true on this machine: which calls answer, which bugs its kernel has, which limits hold. Read {@link
/// dev.fid.probe.Probe}. Nothing here moves a user's bytes.
@NullMarked
package dev.fid.probe;

import org.jspecify.annotations.NullMarked;
