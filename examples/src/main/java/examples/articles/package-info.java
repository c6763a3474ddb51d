/// The programs of the five articles that Fid grew from, as they should have been. They make the system calls
/// themselves, through {@link dev.fid.kernel.Kernel}, so that the mechanism is in sight; what a program should use
/// instead is {@link dev.fid.transfer.Transfer}.
///
/// Read them in this order: ReadWriteCopy, MmapCopy, SpliceCopy (the three ways), MoreThanAPipe and Client (files of
/// any size), TeeTwoFiles, FileToSocket, SocketToFile, SocketToSocket, then ReadWriteLoop and SpliceLoop (every error
/// told). What the articles say, and what of it is true today, is in docs/articles.md.
package examples.articles;
