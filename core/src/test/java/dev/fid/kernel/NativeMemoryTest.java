package dev.fid.kernel;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NativeMemoryTest {
    private final Kernel kernel = Kernel.linux();
    private final Memory memory = kernel.allocate(5000);
    private final long size = memory.size();

    @AfterEach
    void close() {
        memory.close();
    }

    private static void outside(ThrowingCallable access) {
        assertThatThrownBy(access).isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void itIsWholePagesOfZerosOnAPageBorder() {
        assertThat(size).isEqualTo(2L * kernel.pageSize());
        assertThat(memory.address() % kernel.pageSize()).isZero();
        assertThat(memory.bytes(0, (int) size)).containsOnly(0);
    }

    @Test
    void whatIsPutIsGot() {
        memory.putByte(0, (byte) -1);
        memory.putInt(1, 0x01020304);
        memory.putLong(9, -2);
        memory.put(100, "xhello".getBytes(US_ASCII), 1, 5);
        assertThat(memory.getByte(0)).isEqualTo((byte) -1);
        assertThat(memory.getInt(1)).isEqualTo(0x01020304);
        assertThat(memory.getLong(9)).isEqualTo(-2);
        assertThat(new String(memory.bytes(100, 5), US_ASCII)).isEqualTo("hello");
    }

    @Test
    void numbersAreInTheMachinesByteOrder() {
        memory.putInt(0, 1);
        assertThat(memory.getByte(ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN ? 0 : 3))
                .isEqualTo((byte) 1);
    }

    @Test
    void copyToCopiesBetweenMemories() {
        memory.putLong(8, 42);
        try (Memory other = kernel.allocate(1)) {
            memory.copyTo(8, other, 16, 8);
            assertThat(other.getLong(16)).isEqualTo(42);
            outside(() -> memory.copyTo(0, other, other.size() - 7, 8));
            outside(() -> memory.copyTo(size - 7, other, 0, 8));
            outside(() -> memory.copyTo(0, other, 0, -1));
        }
    }

    @Test
    void aWindowIsAView() {
        memory.putByte(7, (byte) 9);
        assertThat(memory.window(5, 10).get(2)).isEqualTo((byte) 9);
        assertThat(memory.window(5, 10).remaining()).isEqualTo(10);
        outside(() -> memory.window(size - 1, 2));
    }

    @Test
    void accessOutsideIsRefused() {
        outside(() -> memory.getByte(-1));
        outside(() -> memory.getByte(size));
        outside(() -> memory.putByte(size, (byte) 0));
        outside(() -> memory.getInt(size - 3));
        outside(() -> memory.putInt(size - 3, 0));
        outside(() -> memory.getLong(size - 7));
        outside(() -> memory.putLong(size - 7, 0));
        outside(() -> memory.get(size - 1, new byte[2], 0, 2));
        outside(() -> memory.get(0, new byte[2], 1, 2));
        outside(() -> memory.put(size - 1, new byte[2], 0, 2));
        outside(() -> memory.put(Long.MAX_VALUE, new byte[2], 0, 2));
    }

    @ParameterizedTest
    @CsvSource({"-1, 1", "0, -1", "8191, 2", "8193, 0", "0, 9223372036854775807", "9223372036854775807, 1"})
    void aCallWithARangeOutsideIsRefusedBeforeTheKernelSeesIt(long at, long len) {
        outside(() -> kernel.read(-1, memory, at, len));
        outside(() -> kernel.vmsplice(-1, new Span[] {new Span(memory, at, len)}, 0));
    }

    @Test
    void useAfterCloseIsAnError() {
        memory.close();
        assertThatIllegalStateException().isThrownBy(() -> memory.getByte(0));
        assertThatIllegalStateException().isThrownBy(() -> memory.putLong(0, 1));
        assertThatIllegalStateException().isThrownBy(() -> memory.bytes(0, 1));
        assertThatIllegalStateException().isThrownBy(() -> memory.window(0, 1));
        assertThatIllegalStateException().isThrownBy(() -> kernel.read(-1, memory, 0, 1));
    }

    @Test
    void onlyTheFirstCloseUnmaps() {
        memory.close();
        try (Memory next = kernel.allocate(5000)) {
            memory.close();
            next.putByte(0, (byte) 1); // the same address as a rule; unmapped, it would be an InternalError
            assertThat(next.getByte(0)).isEqualTo((byte) 1);
        }
    }

    @Test
    void closeGivesThePagesBack() {
        memory.close();
        assertThat(kernel.madvise(memory.address(), size, Uapi.MADV_SEQUENTIAL)).isEqualTo(-Errno.ENOMEM);
    }

    @Test
    void closingAViewUnmapsNothing() {
        kernel.memory(memory.address(), 8).close();
        memory.putByte(0, (byte) 1);
        assertThat(memory.getByte(0)).isEqualTo((byte) 1);
    }

    @Test
    void noSizeIsStillAPageAndTooMuchIsAnOutOfMemoryError() {
        try (Memory page = kernel.allocate(0)) {
            assertThat(page.size()).isEqualTo(kernel.pageSize());
        }
        assertThatThrownBy(() -> kernel.allocate(Long.MAX_VALUE)).isInstanceOf(OutOfMemoryError.class);
        assertThatThrownBy(() -> kernel.allocate(1L << 60)).isInstanceOf(OutOfMemoryError.class);
    }

    @Test
    void memoryOfAnotherKernelIsRefused() {
        Memory other = new Memory() {
            @Override
            public long size() {
                return 1;
            }

            @Override
            public long address() {
                return 0;
            }

            @Override
            public byte getByte(long at) {
                return 0;
            }

            @Override
            public void putByte(long at, byte value) {}

            @Override
            public int getInt(long at) {
                return 0;
            }

            @Override
            public void putInt(long at, int value) {}

            @Override
            public long getLong(long at) {
                return 0;
            }

            @Override
            public void putLong(long at, long value) {}

            @Override
            public void get(long at, byte[] target, int index, int len) {}

            @Override
            public void put(long at, byte[] source, int index, int len) {}

            @Override
            public void copyTo(long at, Memory target, long targetAt, long len) {}

            @Override
            public ByteBuffer window(long at, int len) {
                return ByteBuffer.allocate(len);
            }

            @Override
            public void close() {}
        };
        assertThatIllegalArgumentException().isThrownBy(() -> kernel.read(-1, other, 0, 1));
        assertThatIllegalArgumentException().isThrownBy(() -> memory.copyTo(0, other, 0, 1));
    }
}
