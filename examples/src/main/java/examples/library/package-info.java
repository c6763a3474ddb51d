/// What to do with the library `dev.fid`, one task a program. Take what you need.
package examples.library;
