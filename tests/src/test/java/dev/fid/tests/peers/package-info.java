/// Commands of Fid beside those that they are like, cell by cell of a matrix.
@NullMarked
package dev.fid.tests.peers;

import org.jspecify.annotations.NullMarked;
