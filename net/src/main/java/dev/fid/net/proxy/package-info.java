/// The PROXY protocol, read and written. Source: proxy-protocol.txt.
@NullMarked
package dev.fid.net.proxy;

import org.jspecify.annotations.NullMarked;
