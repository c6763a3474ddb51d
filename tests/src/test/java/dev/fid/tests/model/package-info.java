/// The model of the kernel, checked against the kernel: the same random scripts run on both and are compared after
/// every step. Begin with {@link Script}, then {@link Duel}.
@NullMarked
package dev.fid.tests.model;

import org.jspecify.annotations.NullMarked;
