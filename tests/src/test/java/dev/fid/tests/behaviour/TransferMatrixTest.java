package dev.fid.tests.behaviour;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.fid.Method;
import dev.fid.faults.FaultyKernel;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Uapi;
import dev.fid.tests.Ground;
import dev.fid.tests.OnAllKernels;
import dev.fid.tests.conformance.Command;
import dev.fid.tests.conformance.LoopMount;
import dev.fid.transfer.Digest;
import dev.fid.transfer.Moved;
import dev.fid.transfer.Transfer;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.BiConsumer;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// One suite, run by every method over every pair of descriptors.
@OnAllKernels
class TransferMatrixTest {
    private static final int[] ALL_SIZES = {0, 1, 4095, 4096, 4097, 65535, 65536, 65537, (1 << 20) + 1, 5_000_000};
    private static final int[] FEW_SIZES = {0, 4097, 65537, (1 << 20) + 1};
    private static final List<Method> MOVERS = List.of(
            Method.REFLINK,
            Method.COPY_FILE_RANGE,
            Method.SENDFILE,
            Method.SPLICE,
            Method.SPLICE_THROUGH_PIPE,
            Method.MMAP,
            Method.MMAP_SEGMENTS,
            Method.READ_WRITE);
    private static final byte[] PATTERN = Fixture.pattern(5_000_000);

    @TempDir
    static Path disk;

    private static Path memory = Path.of("/");
    private static Path blocks = Path.of("/dev/null");
    private static ExecutorService pumps = Executors.newCachedThreadPool();

    /// Which kernel the class runs on.
    @Parameter
    Ground ground = Ground.LINUX;

    private Kernel real = Kernel.linux();

    @BeforeEach
    void chooseKernel() {
        real = ground.kernel();
        if (ground.isModel()) {
            Ground.createFolder(real, disk);
            Ground.createFolder(real, memory);
        }
    }

    @BeforeAll
    static void prepare() throws IOException {
        memory = Files.createTempDirectory(Path.of("/dev/shm"), "fid");
        if (Kernel.linux().geteuid() == 0 && Files.isExecutable(Path.of("/usr/sbin/losetup"))) {
            try (RandomAccessFile image =
                    new RandomAccessFile(disk.resolve("image").toFile(), "rw")) {
                image.setLength(8 << 20);
            }
            blocks = Path.of(Command.run("/usr/sbin/losetup", "-f", "--show", disk.resolve("image"))
                    .strip());
        }
    }

    @AfterAll
    static void tidy() throws IOException {
        pumps.shutdown();
        for (String name : List.of("in", "out")) {
            Files.deleteIfExists(memory.resolve(name));
        }
        Files.delete(memory);
        if (!blocks.equals(Path.of("/dev/null"))) {
            Command.run("/usr/sbin/losetup", "-d", blocks);
        }
    }

    static List<Arguments> methodsAndPlaces() {
        List<Arguments> all = new ArrayList<>();
        forEachPair((from, to) -> {
            all.add(Arguments.of("the plan's choice", from, to));
            MOVERS.forEach(method -> all.add(Arguments.of(method.toString(), from, to)));
        });
        return all;
    }

    static List<Arguments> places() {
        List<Arguments> all = new ArrayList<>();
        forEachPair((from, to) -> all.add(Arguments.of(from, to)));
        return all;
    }

    /// All but the one block device onto itself.
    private static void forEachPair(BiConsumer<Place, Place> take) {
        for (Place from : Place.values()) {
            for (Place to : Place.values()) {
                if (from != Place.BLOCKS || to != Place.BLOCKS) {
                    take.accept(from, to);
                }
            }
        }
    }

    @ParameterizedTest(name = "{0} moves {1} to {2}")
    @MethodSource("methodsAndPlaces")
    void everyByteArrivesInOrderAndTheReportIsTrue(String label, Place from, Place to) throws Exception {
        skipWithoutBlocks(from, to);
        Method method = Method.labelled(label);
        for (int size : method == null ? ALL_SIZES : FEW_SIZES) {
            moveAndCheck(method, from, to, size, On.PLATFORM);
            if (method == null || size == 65537) {
                moveAndCheck(method, from, to, size, On.VIRTUAL);
            }
        }
    }

    private void moveAndCheck(@Nullable Method method, Place from, Place to, int size, On on) throws Exception {
        FaultyKernel counting = FaultyKernel.over(real);
        // A virtual thread waits by epoll only on the real kernel.
        Kernel kernel = on == On.PLATFORM ? counting.kernel() : real;
        byte[] content = Arrays.copyOf(PATTERN, size);
        byte[] expected = from == Place.DEVICE ? new byte[size] : content;
        Place.Surroundings around = new Place.Surroundings(real, disk, memory, blocks, pumps);
        String what = size + " bytes on a " + on + " thread";
        try (Place.Used in = from.source(kernel, content, around);
                Place.Used out = to.sink(kernel, size, around)) {
            Transfer transfer = Transfer.from(in.fd).to(out.fd).method(method);
            if (from == Place.DEVICE || from == Place.BLOCKS) {
                transfer.length(size);
            }
            long callsBefore = dataCalls(counting);
            Moved moved = on.run(transfer::run);
            long calls = dataCalls(counting) - callsBefore;

            assertThat(moved.bytes()).as(what).isEqualTo(size);
            if (from.isFile()) {
                assertThat(position(in)).as("position of the input, %s", what).isEqualTo(size);
            }
            if (to.isFile()) {
                assertThat(position(out)).as("position of the output, %s", what).isEqualTo(size);
            }
            if (to != Place.DEVICE) {
                Fixture.assertSame(out.arrived(), expected, what);
            }
            boolean lacksPipe = method == Method.SPLICE && !from.isPipe() && !to.isPipe();
            checkMethods(moved, lacksPipe ? Method.SPLICE_THROUGH_PIPE : method, size, what);
            if (on == On.PLATFORM) {
                assertThat(counted(moved))
                        .as("data calls in the report, %s", what)
                        .isEqualTo(calls);
            }
        }
    }

    private static void checkMethods(Moved moved, @Nullable Method method, long size, String what) {
        Map<Method, Long> by = moved.byMethod();
        assertThat(by.values().stream().mapToLong(Long::longValue).sum())
                .as(what)
                .isEqualTo(size);
        long copied = by.getOrDefault(Method.READ_WRITE, 0L);
        assertThat(moved.userBytes()).as("bytes through user space, %s", what).isEqualTo(copied);
        if (size > 0) {
            assertThat(by).as(what).containsKey(moved.method());
            if (method != null && moved.method() != method) {
                assertThat(moved.method()).as(what).isEqualTo(Method.READ_WRITE);
                assertThat(moved.declined()).as(what).anyMatch(d -> d.method() == method);
            }
            for (Method used : by.keySet()) {
                String call = switch (used) {
                    case REFLINK -> "ficlone";
                    case SPLICE_THROUGH_PIPE -> "splice";
                    case MMAP, MMAP_SEGMENTS -> "mmap";
                    case READ_WRITE -> "write";
                    default -> used.toString();
                };
                assertThat(moved.calls()).as(what).containsKey(call);
            }
        }
    }

    private long position(Place.Used used) {
        return real.lseek(used.fd.number(), 0, Uapi.SEEK_CUR);
    }

    private static long dataCalls(FaultyKernel kernel) {
        return kernel.calls(
                "read",
                "write",
                "pread",
                "pwrite",
                "recv",
                "send",
                "splice",
                "tee",
                "sendfile",
                "copyFileRange",
                "ficlonerange",
                "mmap");
    }

    private static long counted(Moved moved) {
        return moved.calls().entrySet().stream()
                .filter(call -> !call.getKey().equals("poll"))
                .mapToLong(Map.Entry::getValue)
                .sum();
    }

    @ParameterizedTest(name = "{0} to {1}")
    @MethodSource("places")
    void theSumIsThatOfTheBytesThatArrived(Place from, Place to) throws Exception {
        skipWithoutBlocks(from, to);
        int size = 100_001;
        byte[] content = Arrays.copyOf(PATTERN, size);
        byte[] expected = from == Place.DEVICE ? new byte[size] : content;
        CRC32C expectedCrc = new CRC32C();
        expectedCrc.update(expected);
        byte[] expectedSha = MessageDigest.getInstance("SHA-256").digest(expected);
        for (On on : On.values()) {
            List<@Nullable Method> methods = new ArrayList<>();
            methods.add(null);
            if (on == On.PLATFORM) {
                methods.addAll(MOVERS);
            }
            for (Method method : methods) {
                CRC32C crc = new CRC32C();
                MessageDigest sha = MessageDigest.getInstance("SHA-256");
                Digest both = bytes -> {
                    crc.update(bytes.duplicate());
                    sha.update(bytes);
                };
                Place.Surroundings around = new Place.Surroundings(real, disk, memory, blocks, pumps);
                String what = "by " + method + " on a " + on + " thread";
                try (Place.Used in = from.source(real, content, around);
                        Place.Used out = to.sink(real, size, around)) {
                    Moved moved = on.run(() -> Transfer.from(in.fd)
                            .to(out.fd)
                            .method(method)
                            .length(from == Place.DEVICE || from == Place.BLOCKS ? size : Transfer.TO_END)
                            .digest(both)
                            .run());
                    assertThat(moved.bytes()).as(what).isEqualTo(size);
                    assertThat(moved.userBytes()).as(what).isGreaterThanOrEqualTo(size);
                    if (to != Place.DEVICE) {
                        Fixture.assertSame(out.arrived(), expected, what);
                    }
                }
                assertThat(crc.getValue()).as("CRC32C %s", what).isEqualTo(expectedCrc.getValue());
                assertThat(sha.digest()).as("SHA-256 %s", what).isEqualTo(expectedSha);
            }
        }
    }

    private void skipWithoutBlocks(Place from, Place to) {
        if (from == Place.BLOCKS || to == Place.BLOCKS) {
            assumeTrue(!ground.isModel(), "SKIPPED: the model has no block devices");
            LoopMount.check(!blocks.equals(Path.of("/dev/null")), "needs root and losetup");
        }
    }
}
