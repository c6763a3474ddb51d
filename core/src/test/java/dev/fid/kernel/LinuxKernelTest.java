package dev.fid.kernel;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Files and names; {@link LinuxKernelDescriptorsTest} has pipes, sockets and waiting, {@link
/// LinuxKernelErrnoTest} errors and threads.
class LinuxKernelTest {
    private final Kernel kernel = Kernel.linux();
    private final Memory memory = kernel.allocate(1 << 16);
    private final List<Integer> opened = new ArrayList<>();

    @TempDir
    private Path dir;

    @AfterEach
    void closeAll() {
        opened.forEach(kernel::close);
        memory.close();
    }

    private int keep(int fd) {
        assertThat(fd).as("descriptor").isNotNegative();
        opened.add(fd);
        return fd;
    }

    private static byte[] bytes(Object path) {
        return path.toString().getBytes(UTF_8);
    }

    private Path file(String content) throws IOException {
        return Files.writeString(dir.resolve("file"), content);
    }

    private int open(Path path, int flags) {
        return keep(kernel.openat(Uapi.AT_FDCWD, bytes(path), flags | Uapi.O_CLOEXEC, 0644));
    }

    private String text(long len) {
        return new String(memory.bytes(0, (int) len), UTF_8);
    }

    private void put(String text) {
        memory.put(0, bytes(text), 0, text.length());
    }

    @Test
    void writeSeekAndReadGiveTheBytesBack() {
        int fd = open(dir.resolve("new"), Uapi.O_CREAT | Uapi.O_EXCL | Uapi.O_RDWR);
        put("hello");
        assertThat(kernel.write(fd, memory, 0, 5)).isEqualTo(5);
        assertThat(kernel.lseek(fd, 1, Uapi.SEEK_SET)).isEqualTo(1);
        assertThat(kernel.read(fd, memory, 0, 100)).isEqualTo(4);
        assertThat(text(4)).isEqualTo("ello");
        assertThat(kernel.read(fd, memory, 0, 100)).isZero();
    }

    @Test
    void preadAndPwriteLeaveThePosition() throws IOException {
        int fd = open(file("hello"), Uapi.O_RDWR);
        put("LL");
        assertThat(kernel.pwrite(fd, memory, 0, 2, 2)).isEqualTo(2);
        assertThat(kernel.pread(fd, memory, 0, 100, 1)).isEqualTo(4);
        assertThat(text(4)).isEqualTo("eLLo");
        assertThat(kernel.lseek(fd, 0, Uapi.SEEK_CUR)).isZero();
    }

    @Test
    void statxSaysWhatFilesSays() throws IOException {
        Path file = file("0123456789");
        Files.createLink(dir.resolve("second"), file);
        FileTime time = FileTime.from(1_234_567_890_123_456_789L, TimeUnit.NANOSECONDS);
        Files.setLastModifiedTime(file, time);
        Stat stat = new Stat();
        assertThat(kernel.statx(Uapi.AT_FDCWD, bytes(file), 0, Uapi.STATX_BASIC_STATS, stat))
                .isZero();
        assertThat(stat.mode).isEqualTo(attribute(file, "mode"));
        assertThat(stat.type()).isEqualTo(Uapi.S_IFREG);
        assertThat(stat.nlink).isEqualTo(2);
        assertThat(stat.uid).isEqualTo(attribute(file, "uid"));
        assertThat(stat.gid).isEqualTo(attribute(file, "gid"));
        assertThat(stat.inode).isEqualTo(Files.getAttribute(file, "unix:ino"));
        assertThat(stat.size).isEqualTo(10);
        assertThat(stat.blockSize).isPositive();
        assertThat(stat.mtimeSeconds).isEqualTo(1_234_567_890);
        assertThat(stat.mtimeNanos).isEqualTo(123_456_789);
        FileTime change = (FileTime) Files.getAttribute(file, "unix:ctime");
        assertThat(stat.ctimeSeconds).isEqualTo(change.to(TimeUnit.SECONDS));
        assertThat(stat.ctimeNanos).isEqualTo((int) (change.to(TimeUnit.NANOSECONDS) % 1_000_000_000));
        FileTime access = (FileTime) Files.getAttribute(file, "lastAccessTime");
        assertThat(stat.atimeSeconds).isEqualTo(access.to(TimeUnit.SECONDS));
        assertThat(stat.atimeNanos).isEqualTo((int) (access.to(TimeUnit.NANOSECONDS) % 1_000_000_000));
        long device = (Long) Files.getAttribute(file, "unix:dev");
        assertThat(stat.device).isEqualTo(majorAndMinor(device));
    }

    private static int attribute(Path file, String name) throws IOException {
        return (Integer) Files.getAttribute(file, "unix:" + name);
    }

    /// As glibc's major() and minor(). Source: makedev(3).
    private static long majorAndMinor(long device) {
        long major = ((device >>> 8) & 0xfff) | ((device >>> 32) & ~0xfffL);
        long minor = (device & 0xff) | ((device >>> 12) & ~0xffL);
        return (major << 32) | (minor & 0xffffffffL);
    }

    @Test
    void fstatOfADeviceSaysItsNumbers() {
        Stat stat = new Stat();
        int fd = open(Path.of("/dev/null"), Uapi.O_RDONLY);
        assertThat(kernel.fstat(fd, stat)).isZero();
        assertThat(stat.type()).isEqualTo(Uapi.S_IFCHR);
        assertThat(stat.rdev).isEqualTo(1L << 32 | 3);
    }

    @Test
    void blocksAreUnitsOf512Bytes() throws IOException {
        Stat stat = new Stat();
        int fd = open(file(""), Uapi.O_RDWR);
        assertThat(kernel.fallocate(fd, 0, 0, 1 << 20)).isZero();
        assertThat(kernel.fstat(fd, stat)).isZero();
        assertThat(stat.size).isEqualTo(1 << 20);
        assertThat(stat.blocks).isBetween(2048L, 2304L);
    }

    @Test
    void fstatfsKnowsTheFileSystem() {
        StatFs statfs = new StatFs();
        assertThat(kernel.fstatfs(open(Path.of("/proc/self/status"), Uapi.O_RDONLY), statfs))
                .isZero();
        assertThat(statfs.type).isEqualTo(Uapi.PROC_SUPER_MAGIC);
        assertThat(kernel.fstatfs(open(dir, Uapi.O_DIRECTORY), statfs)).isZero();
        assertThat(statfs.blocks * statfs.blockSize).isEqualTo(dir.toFile().getTotalSpace());
        assertThat(statfs.available).isBetween(1L, statfs.free);
    }

    @Test
    void seekFindsDataAndHoles() throws IOException {
        int fd = open(file(""), Uapi.O_RDWR);
        assertThat(kernel.ftruncate(fd, 3 << 20)).isZero();
        assertThat(kernel.pwrite(fd, memory, 0, 4096, 1 << 20)).isEqualTo(4096);
        assertThat(kernel.lseek(fd, 0, Uapi.SEEK_DATA)).isEqualTo(1 << 20);
        assertThat(kernel.lseek(fd, 1 << 20, Uapi.SEEK_HOLE)).isEqualTo((1 << 20) + 4096);
        assertThat(kernel.lseek(fd, 2 << 20, Uapi.SEEK_DATA)).isEqualTo(-Errno.ENXIO);
    }

    @Test
    void aPunchedHoleReadsAsZeros() throws IOException {
        int fd = open(file("x".repeat(8192)), Uapi.O_RDWR);
        int punch = Uapi.FALLOC_FL_PUNCH_HOLE | Uapi.FALLOC_FL_KEEP_SIZE;
        assertThat(kernel.fallocate(fd, punch, 0, 4096)).isZero();
        assertThat(kernel.pread(fd, memory, 0, 8192, 0)).isEqualTo(8192);
        assertThat(memory.getByte(4095)).isZero();
        assertThat(memory.getByte(4096)).isEqualTo((byte) 'x');
    }

    @Test
    void syncAndAdviceAreAccepted() throws IOException {
        int fd = open(file("data"), Uapi.O_RDWR);
        assertThat(kernel.fsync(fd)).isZero();
        assertThat(kernel.fdatasync(fd)).isZero();
        assertThat(kernel.syncfs(fd)).isZero();
        assertThat(kernel.syncfs(-1)).isEqualTo(-Errno.EBADF);
        assertThat(kernel.fadvise(fd, 0, 4096, Uapi.POSIX_FADV_DONTNEED)).isZero();
        assertThat(kernel.fadvise(fd, 0, 4096, 99)).isEqualTo(-Errno.EINVAL);
    }

    @Test
    void openat2StaysBeneath() throws IOException {
        Path below = Files.createDirectory(dir.resolve("below"));
        Files.writeString(below.resolve("file"), "inside");
        Files.createSymbolicLink(below.resolve("out"), Path.of("../outside"));
        int top = open(below, Uapi.O_DIRECTORY);
        int beneath = Uapi.RESOLVE_BENEATH;
        assertThat(kernel.openat2(top, bytes("out"), Uapi.O_CLOEXEC, 0, beneath))
                .isEqualTo(-Errno.EXDEV);
        assertThat(kernel.openat2(top, bytes("../x"), Uapi.O_CLOEXEC, 0, beneath))
                .isEqualTo(-Errno.EXDEV);
        assertThat(kernel.openat2(top, bytes("out"), Uapi.O_CLOEXEC, 0, Uapi.RESOLVE_NO_SYMLINKS))
                .isEqualTo(-Errno.ELOOP);
        int fd = keep(kernel.openat2(top, bytes("file"), Uapi.O_CLOEXEC, 0, beneath));
        assertThat(kernel.read(fd, memory, 0, 100)).isEqualTo(6);
        int made = Uapi.O_CREAT | Uapi.O_WRONLY | Uapi.O_CLOEXEC;
        keep(kernel.openat2(top, bytes("made"), made, 0600, beneath));
        assertThat(attribute(below.resolve("made"), "mode") & 0777).isEqualTo(0600);
    }

    @Test
    void aPathWithANulOpensNothing() throws IOException {
        Path file = file("secret");
        assertThat(kernel.openat(Uapi.AT_FDCWD, bytes(file + "\0.txt"), 0, 0)).isEqualTo(-Errno.EINVAL);
        assertThat(kernel.openat2(Uapi.AT_FDCWD, bytes(file + "\0"), 0, 0, 0)).isEqualTo(-Errno.EINVAL);
        assertThat(kernel.unlinkat(Uapi.AT_FDCWD, bytes(file + "\0x"), 0)).isEqualTo(-Errno.EINVAL);
        assertThat(kernel.renameat2(Uapi.AT_FDCWD, bytes(file), Uapi.AT_FDCWD, bytes(file + "\0x"), 0))
                .isEqualTo(-Errno.EINVAL);
        assertThat(file).exists();
    }

    @ParameterizedTest
    @ValueSource(ints = {4096, 5000, 100_000})
    void aPathThatIsTooLongIsEnametoolong(int length) {
        byte[] path = bytes("x/".repeat(length / 2));
        assertThat(kernel.openat(Uapi.AT_FDCWD, path, 0, 0)).isEqualTo(-Errno.ENAMETOOLONG);
        assertThat(kernel.statx(Uapi.AT_FDCWD, path, 0, 0, new Stat())).isEqualTo(-Errno.ENAMETOOLONG);
        assertThat(kernel.linkat(Uapi.AT_FDCWD, path, Uapi.AT_FDCWD, path, 0)).isEqualTo(-Errno.ENAMETOOLONG);
    }

    @Test
    void theLongestPathArrivesWhole() {
        byte[] path = bytes("./".repeat(2047) + "x");
        assertThat(path).hasSize(4095);
        assertThat(kernel.openat(Uapi.AT_FDCWD, path, 0, 0)).isEqualTo(-Errno.ENOENT);
    }

    @Test
    void renameExchangesOrRefuses() throws IOException {
        int top = open(dir, Uapi.O_DIRECTORY);
        Files.writeString(dir.resolve("a"), "A");
        Files.writeString(dir.resolve("b"), "B");
        assertThat(kernel.renameat2(top, bytes("a"), top, bytes("b"), Uapi.RENAME_NOREPLACE))
                .isEqualTo(-Errno.EEXIST);
        assertThat(kernel.renameat2(top, bytes("a"), top, bytes("b"), Uapi.RENAME_EXCHANGE))
                .isZero();
        assertThat(dir.resolve("a")).hasContent("B");
        assertThat(dir.resolve("b")).hasContent("A");
        assertThat(kernel.renameat2(top, bytes("a"), top, bytes("b"), 0)).isZero();
        assertThat(dir.resolve("b")).hasContent("B");
        assertThat(dir.resolve("a")).doesNotExist();
    }

    @Test
    void aFileWithoutNameCanBeGivenOne() {
        int top = open(dir, Uapi.O_DIRECTORY);
        int fd = keep(kernel.openat(top, bytes("."), Uapi.O_TMPFILE | Uapi.O_RDWR | Uapi.O_CLOEXEC, 0600));
        put("kept");
        assertThat(kernel.write(fd, memory, 0, 4)).isEqualTo(4);
        byte[] self = bytes("/proc/self/fd/" + fd);
        assertThat(kernel.linkat(Uapi.AT_FDCWD, self, top, bytes("named"), Uapi.AT_SYMLINK_FOLLOW))
                .isZero();
        assertThat(dir.resolve("named")).hasContent("kept");
    }

    @Test
    void namesAreMadeAndRemoved() throws IOException {
        int top = open(dir, Uapi.O_DIRECTORY);
        assertThat(kernel.mkdirat(top, bytes("d"), 0750)).isZero();
        assertThat(attribute(dir.resolve("d"), "mode") & 0777).isEqualTo(0750);
        assertThat(kernel.mknodat(top, bytes("fifo"), Uapi.S_IFIFO | 0600, 0)).isZero();
        assertThat(attribute(dir.resolve("fifo"), "mode")).isEqualTo(Uapi.S_IFIFO | 0600);
        assertThat(kernel.symlinkat(bytes("where/ever"), top, bytes("link"))).isZero();
        assertThat(Files.readSymbolicLink(dir.resolve("link"))).hasToString("where/ever");
        assertThat(kernel.unlinkat(top, bytes("d"), 0)).isEqualTo(-Errno.EISDIR);
        assertThat(kernel.unlinkat(top, bytes("d"), Uapi.AT_REMOVEDIR)).isZero();
        assertThat(kernel.unlinkat(top, bytes("fifo"), 0)).isZero();
        assertThat(kernel.unlinkat(top, bytes("link"), 0)).isZero();
        assertThat(dir).isEmptyDirectory();
    }

    @Test
    void readlinkIsCutWithoutASign() throws IOException {
        Files.createSymbolicLink(dir.resolve("link"), Path.of("target"));
        int top = open(dir, Uapi.O_DIRECTORY);
        assertThat(kernel.readlinkat(top, bytes("link"), memory, 0, 100)).isEqualTo(6);
        assertThat(text(6)).isEqualTo("target");
        assertThat(kernel.readlinkat(top, bytes("link"), memory, 10, 3)).isEqualTo(3);
        assertThat(new String(memory.bytes(10, 4), UTF_8)).isEqualTo("tar\0");
    }

    @Test
    void getdents64ListsTheNames() throws IOException {
        Files.createDirectory(dir.resolve("one"));
        Files.createFile(dir.resolve("two"));
        int top = open(dir, Uapi.O_DIRECTORY);
        long end = kernel.getdents64(top, memory, 0, memory.size());
        List<String> names = new ArrayList<>();
        // struct linux_dirent64 { u64 ino; s64 off; u16 reclen; u8 type; char name[]; }
        for (long at = 0; at < end; at += memory.getInt(at + 16) & 0xffff) {
            int length = 0;
            while (memory.getByte(at + 19 + length) != 0) {
                length++;
            }
            names.add(new String(memory.bytes(at + 19, length), UTF_8) + ":" + memory.getByte(at + 18));
        }
        assertThat(names).containsExactlyInAnyOrder(".:4", "..:4", "one:4", "two:8");
        assertThat(kernel.getdents64(top, memory, 0, memory.size())).isZero();
    }

    @Test
    void modeOwnerAndTimesAreSet() throws IOException {
        Path file = file("x");
        int fd = open(file, Uapi.O_RDWR);
        assertThat(kernel.fchmod(fd, 0640)).isZero();
        assertThat(attribute(file, "mode") & 07777).isEqualTo(0640);
        assertThat(kernel.fchownat(fd, bytes(""), -1, -1, Uapi.AT_EMPTY_PATH)).isZero();
        assertThat(kernel.utimensat(Uapi.AT_FDCWD, bytes(file), 11, 12, 21, 22, 0))
                .isZero();
        assertThat(Files.getLastModifiedTime(file)).isEqualTo(FileTime.from(21_000_000_022L, TimeUnit.NANOSECONDS));
        assertThat(Files.getAttribute(file, "lastAccessTime"))
                .isEqualTo(FileTime.from(11_000_000_012L, TimeUnit.NANOSECONDS));
        assertThat(kernel.utimensat(fd, bytes(""), 0, Uapi.UTIME_OMIT, 31, 0, 0))
                .isZero();
        assertThat(Files.getLastModifiedTime(file)).isEqualTo(FileTime.from(31, TimeUnit.SECONDS));
        assertThat(Files.getAttribute(file, "lastAccessTime"))
                .isEqualTo(FileTime.from(11_000_000_012L, TimeUnit.NANOSECONDS));
    }

    @Test
    void theOwnerOfALinkIsItsOwn() throws IOException {
        assumeTrue(kernel.geteuid() == 0, "needs root");
        Path file = file("x");
        Path link = Files.createSymbolicLink(dir.resolve("link"), file);
        assertThat(kernel.fchownat(Uapi.AT_FDCWD, bytes(link), 123, 456, Uapi.AT_SYMLINK_NOFOLLOW))
                .isZero();
        assertThat(Files.getAttribute(link, "unix:uid", LinkOption.NOFOLLOW_LINKS))
                .isEqualTo(123);
        assertThat(Files.getAttribute(link, "unix:gid", LinkOption.NOFOLLOW_LINKS))
                .isEqualTo(456);
        assertThat(attribute(file, "uid")).isZero();
    }

    @Test
    void attributesAndModeAreSetByPathThroughADescriptorThatOnlyNamesTheFile() throws IOException {
        Path file = file("x");
        int fd = open(file, Uapi.O_PATH);
        byte[] self = bytes("/proc/self/fd/" + fd);
        put("value");
        assertThat(kernel.setxattr(self, bytes("user.fid"), memory, 0, 5, 0)).isZero();
        assertThat(kernel.getxattr(self, bytes("user.fid"), memory, 100, 50)).isEqualTo(5);
        assertThat(new String(memory.bytes(100, 5), UTF_8)).isEqualTo("value");
        assertThat(text(kernel.listxattr(self, memory, 0, 1000))).contains("user.fid\0");
        assertThat(kernel.fremovexattr(open(file, Uapi.O_RDWR), bytes("user.fid")))
                .isZero();
        assertThat(kernel.getxattr(self, bytes("user.fid"), memory, 100, 50)).isEqualTo(-Errno.ENODATA);
        assertThat(kernel.fchmodat(Uapi.AT_FDCWD, self, 0604)).isZero();
        assertThat(attribute(file, "mode") & 07777).isEqualTo(0604);
    }

    @Test
    void readsAndWritesWithFlagsGoToTheirOffset() throws IOException {
        int fd = open(file("x"), Uapi.O_RDWR);
        put("value");
        assertThat(kernel.pwritev2(fd, memory, 0, 5, 10, 0)).isEqualTo(5);
        assertThat(kernel.preadv2(fd, memory, 100, 50, 11, 0)).isEqualTo(4);
        assertThat(new String(memory.bytes(100, 4), UTF_8)).isEqualTo("alue");
        assertThat(kernel.preadv2(fd, memory, 100, 50, 11, 1 << 30)).isEqualTo(-Errno.EOPNOTSUPP);
    }

    @Test
    void extendedAttributesGoRound() throws IOException {
        int fd = open(file("x"), Uapi.O_RDWR);
        put("value");
        assertThat(kernel.fsetxattr(fd, bytes("user.fid"), memory, 0, 5, 0)).isZero();
        assertThat(kernel.fgetxattr(fd, bytes("user.fid"), memory, 100, 0)).isEqualTo(5);
        assertThat(kernel.fgetxattr(fd, bytes("user.fid"), memory, 100, 4)).isEqualTo(-Errno.ERANGE);
        assertThat(kernel.fgetxattr(fd, bytes("user.fid"), memory, 100, 50)).isEqualTo(5);
        assertThat(new String(memory.bytes(100, 5), UTF_8)).isEqualTo("value");
        assertThat(kernel.fgetxattr(fd, bytes("user.none"), memory, 0, 50)).isEqualTo(-Errno.ENODATA);
        long len = kernel.flistxattr(fd, memory, 0, 1000);
        assertThat(text(len)).contains("user.fid\0");
        assertThat(kernel.flistxattr(fd, memory, 0, 0)).isEqualTo(len);
    }

    @Test
    void whatIsNoReflinkOrBlockDeviceSaysSo() throws IOException {
        int in = open(file("x"), Uapi.O_RDWR);
        int[] pipe = new int[2];
        assertThat(kernel.pipe2(pipe, Uapi.O_CLOEXEC)).isZero();
        keep(pipe[0]);
        keep(pipe[1]);
        int device = open(Path.of("/dev/null"), Uapi.O_RDWR);
        assertThat(kernel.ficlone(device, in)).isIn(-Errno.EINVAL, -Errno.EXDEV);
        assertThat(kernel.ficlonerange(in, 0, 0, pipe[1], 0)).isIn(-Errno.EINVAL, -Errno.EXDEV, -Errno.EOPNOTSUPP);
        assertThat(kernel.blkgetsize64(in)).isEqualTo(-Errno.ENOTTY);
    }

    @Test
    void aMappedFileIsItsBytes() throws IOException {
        int fd = open(file("hello"), Uapi.O_RDWR);
        long address = kernel.mmap(5, Uapi.PROT_READ | Uapi.PROT_WRITE, Uapi.MAP_SHARED, fd, 0);
        assertThat(address).isPositive();
        Memory mapped = kernel.memory(address, 5);
        assertThat(mapped.bytes(0, 5)).isEqualTo(bytes("hello"));
        mapped.putByte(0, (byte) 'J');
        assertThat(dir.resolve("file")).hasContent("Jello");
        assertThat(kernel.munmap(address, 5)).isZero();
        assertThat(kernel.mmap(0, Uapi.PROT_READ, Uapi.MAP_SHARED, fd, 0)).isEqualTo(-Errno.EINVAL);
    }

    @Test
    void aMemfdCanBeSealed() {
        int fd = keep(kernel.memfdCreate(bytes("sealed"), Uapi.MFD_CLOEXEC | Uapi.MFD_ALLOW_SEALING));
        assertThat(kernel.write(fd, memory, 0, 10)).isEqualTo(10);
        assertThat(kernel.fcntl(fd, Uapi.F_ADD_SEALS, Uapi.F_SEAL_WRITE)).isZero();
        assertThat(kernel.write(fd, memory, 0, 1)).isEqualTo(-Errno.EPERM);
        assertThat(kernel.memfdCreate(bytes("x".repeat(250)), 0)).isEqualTo(-Errno.EINVAL);
    }

    @Test
    void limitsAreReadAndSet() {
        long[] limit = new long[2];
        long[] same = new long[2];
        assertThat(kernel.prlimit(Uapi.RLIMIT_NOFILE, null, limit)).isZero();
        assertThat(limit[0]).isBetween(1L, limit[1]);
        assertThat(kernel.prlimit(Uapi.RLIMIT_NOFILE, limit, same)).isZero();
        assertThat(same).isEqualTo(limit);
        assertThat(kernel.prlimit(Uapi.RLIMIT_FSIZE, null, limit)).isZero();
        assertThat(kernel.prlimit(99, null, limit)).isEqualTo(-Errno.EINVAL);
    }

    @Test
    void affinityIsReadAndSet() {
        long[] mask = new long[16];
        int bytes = kernel.schedGetaffinity(0, mask);
        assertThat(bytes).isPositive();
        long cpus = Arrays.stream(mask).map(Long::bitCount).sum();
        assertThat(cpus).isGreaterThanOrEqualTo(Runtime.getRuntime().availableProcessors());
        long[] one = {Long.lowestOneBit(mask[0])};
        try {
            assertThat(kernel.schedSetaffinity(0, one)).isZero();
            long[] now = {-1, -1};
            kernel.schedGetaffinity(kernel.gettid(), now);
            assertThat(now[0]).isEqualTo(one[0]);
        } finally {
            kernel.schedSetaffinity(0, mask);
        }
    }

    @Test
    void theProcessKnowsItselfAndItsTime() throws IOException {
        assertThat(kernel.geteuid()).isEqualTo(attribute(Path.of("/proc/self"), "uid"));
        assertThat(Path.of("/proc/self/task/" + kernel.gettid())).isDirectory();
        long cpu = kernel.cpuNanos(Uapi.CLOCK_THREAD_CPUTIME_ID);
        long time = kernel.nanoTime();
        while (kernel.cpuNanos(Uapi.CLOCK_THREAD_CPUTIME_ID) <= cpu || kernel.nanoTime() <= time) {
            Thread.onSpinWait();
        }
        assertThat(kernel.cpuNanos(Uapi.CLOCK_PROCESS_CPUTIME_ID)).isGreaterThan(cpu);
        assertThat(kernel.cpuNanos(9999)).isEqualTo(-Errno.EINVAL);
    }

    @Test
    void perfEventOpenTakesItsAttributes() {
        // struct perf_event_attr { u32 type; u32 size; u64 config ... }: a software event of a size that is none
        memory.putInt(0, 1);
        memory.putInt(4, 1);
        assertThat(kernel.perfEventOpen(memory, 0, -1, -1, 0)).isIn(-Errno.E2BIG, -Errno.EACCES, -Errno.EPERM);
    }

    @Test
    void openFlagsOfAarch64AreTranslatedThereAndBack() {
        int all = Uapi.O_DIRECTORY | Uapi.O_NOFOLLOW | Uapi.O_DIRECT | 0100000 | Uapi.O_TMPFILE | Uapi.O_CLOEXEC | 07;
        for (int bit = 0; bit < 31; bit++) {
            int flags = all ^ 1 << bit;
            assertThat(LinuxKernel.openFlagsBack(LinuxKernel.openFlags(flags, true), true))
                    .isEqualTo(flags);
            assertThat(LinuxKernel.openFlags(flags, false)).isEqualTo(flags);
            assertThat(LinuxKernel.openFlagsBack(flags, false)).isEqualTo(flags);
        }
        // Source: arch/arm64/include/uapi/asm/fcntl.h
        assertThat(LinuxKernel.openFlags(Uapi.O_DIRECTORY, true)).isEqualTo(040000);
        assertThat(LinuxKernel.openFlags(Uapi.O_NOFOLLOW, true)).isEqualTo(0100000);
        assertThat(LinuxKernel.openFlags(Uapi.O_DIRECT, true)).isEqualTo(0200000);
        assertThat(LinuxKernel.openFlags(0100000, true)).as("O_LARGEFILE").isEqualTo(0400000);
        assertThat(LinuxKernel.openFlags(Uapi.O_TMPFILE, true)).isEqualTo(020040000);
        assertThat(LinuxKernel.openFlags(Uapi.O_APPEND | Uapi.O_CREAT, true)).isEqualTo(Uapi.O_APPEND | Uapi.O_CREAT);
    }
}
