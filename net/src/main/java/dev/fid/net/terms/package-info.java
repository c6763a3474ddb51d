/// What a relay is set to, as records: nothing here acts.
@NullMarked
package dev.fid.net.terms;

import org.jspecify.annotations.NullMarked;
