/// The mechanism in plain Java: pages, page cache, pipe ring and sockets behind the kernel interface.
@NullMarked
package dev.fid.model;

import org.jspecify.annotations.NullMarked;
