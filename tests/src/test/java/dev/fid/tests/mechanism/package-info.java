/// docs/mechanism.md: its pictures are drawn here from states of the model, and what it says is compared with
/// them.
@NullMarked
package dev.fid.tests.mechanism;

import org.jspecify.annotations.NullMarked;
