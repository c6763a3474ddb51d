package dev.fid.net;

import dev.fid.kernel.Kernel;

/// How a relay listens.
///
/// @param options of the clients' sockets
/// @param mode of the files of unix sockets; below 0 as the umask has it
/// @param isShared whether other processes may listen on the same ports
record ListenTerms(Kernel kernel, Place place, SocketTerms options, int backlog, int mode, boolean isShared) {}
