/// One class a command; options become a plain object, nothing is decided here.
@NullMarked
package dev.fid.cli;

import org.jspecify.annotations.NullMarked;
