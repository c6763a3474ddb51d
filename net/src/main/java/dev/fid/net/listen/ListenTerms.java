package dev.fid.net.listen;

import dev.fid.kernel.Kernel;
import dev.fid.net.terms.SocketTerms;

/// How a relay listens.
///
/// @param options of the clients' sockets
/// @param mode of the files of unix sockets; below 0 as the umask has it
/// @param isShared whether other processes may listen on the same ports
public record ListenTerms(
        Kernel kernel, ListenKey place, SocketTerms options, int backlog, int mode, boolean isShared) {}
