/// What operators see of relays: the admin page, metrics, the access log, a word to systemd. It asks relays and
/// decides nothing for them.
@NullMarked
package dev.fid.net.admin;

import org.jspecify.annotations.NullMarked;
