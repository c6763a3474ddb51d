/// What every command has: console, exit codes, failures, signals. No command is known here.
@NullMarked
package dev.fid.cli.base;

import org.jspecify.annotations.NullMarked;
