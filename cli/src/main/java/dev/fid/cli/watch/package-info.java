/// Another process, looked at: its system calls by strace, perf or /proc.
@NullMarked
package dev.fid.cli.watch;

import org.jspecify.annotations.NullMarked;
