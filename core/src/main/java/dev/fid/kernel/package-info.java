/// The seam between Fid and the kernel. Read {@link dev.fid.kernel.Kernel} first (every call, with its contract),
/// then {@link dev.fid.kernel.Memory} (what calls read and write), {@link dev.fid.kernel.Errno} and {@link
/// dev.fid.kernel.Uapi} (the numbers), and last {@link dev.fid.kernel.LinuxKernel} (the one class that links
/// native code).
@NullMarked
package dev.fid.kernel;

import org.jspecify.annotations.NullMarked;
