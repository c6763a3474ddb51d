/// What Linux does, call by call: the facts that Fid is built on, each held by a test against the running kernel.
/// A vector's id stands above each test. Read {@link dev.fid.tests.conformance.SpliceTest} and {@link
/// dev.fid.tests.conformance.PipeTest} first.
@NullMarked
package dev.fid.tests.conformance;

import org.jspecify.annotations.NullMarked;
