/// Where a relay connects to: addresses, dials, connections made ahead. Groups, health and routes belong here.
@NullMarked
package dev.fid.net.upstream;

import org.jspecify.annotations.NullMarked;
