/// What races gave, as data: saved, read again, compared.
@NullMarked
package dev.fid.bench.result;

import org.jspecify.annotations.NullMarked;
