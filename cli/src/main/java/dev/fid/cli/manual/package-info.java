/// The manual pages, made from the help and from Markdown.
@NullMarked
package dev.fid.cli.manual;

import org.jspecify.annotations.NullMarked;
