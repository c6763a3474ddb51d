/// The races of relays, in network namespaces of their own.
@NullMarked
package dev.fid.bench.relay;

import org.jspecify.annotations.NullMarked;
