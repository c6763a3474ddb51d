/// From the words of SRC and DST to open descriptors. What is moved between them is the commands' affair.
@NullMarked
package dev.fid.cli.endpoint;

import org.jspecify.annotations.NullMarked;
