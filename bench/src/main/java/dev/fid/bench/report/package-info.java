/// How people read results: text, Markdown, one HTML file, pictures.
@NullMarked
package dev.fid.bench.report;

import org.jspecify.annotations.NullMarked;
