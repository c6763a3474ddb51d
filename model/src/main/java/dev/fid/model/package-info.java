/// The mechanism in plain Java: pages, page cache, pipe ring and sockets behind the kernel interface.
///
/// Start with {@link dev.fid.model.ModelKernel}, a kernel to run code on, and its {@link dev.fid.model.Ledger}, which
/// says what a call cost. What it is made of can be looked at: {@link dev.fid.model.Page}, {@link
/// dev.fid.model.PageCache}, {@link dev.fid.model.PipeBuffer}, {@link dev.fid.model.PipeRing}, {@link
/// dev.fid.model.SocketQueue}. {@link dev.fid.model.Profile} chooses which kernel it is, {@link dev.fid.model.Limits}
/// how much it has, {@link dev.fid.model.ModelClock} how time goes, {@link dev.fid.model.Freedom} what TCP does where
/// Linux may choose. {@link dev.fid.faults.FaultyKernel} breaks calls of any kernel on demand.
@NullMarked
package dev.fid.model;

import org.jspecify.annotations.NullMarked;
