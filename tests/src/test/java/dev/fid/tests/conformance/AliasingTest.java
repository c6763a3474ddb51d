package dev.fid.tests.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fid.kernel.Memory;
import dev.fid.kernel.Offset;
import dev.fid.kernel.Span;
import dev.fid.kernel.Uapi;
import dev.fid.tests.OnBothKernels;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What is in a pipe may still be the source's own page: a later change shows. Linux 6.18 does so; kernels that
/// copy in splice or vmsplice show the old bytes, and Fid must be right under both, so these tests accept both
/// and say which.
@OnBothKernels
class AliasingTest extends Fixture {
    private static void oldOrNew(String seen, String old, String fresh) {
        assertThat(seen).as("the pipe aliases or has copied").isIn(old, fresh);
        System.out.println(seen.equals(fresh) ? "aliases: a later change shows" : "copies: a later change is hidden");
    }

    private void pwrite(int fd, String text, long off) {
        Memory memory = memory(text.length());
        memory.put(0, bytes(text), 0, text.length());
        assertThat(kernel.pwrite(fd, memory, 0, text.length(), off)).isEqualTo(text.length());
    }

    // SP-041
    @Test
    void aWriteToTheFileShowsInWhatWasSpliced() throws IOException {
        int file = file("f", "A".repeat(page));
        Pipe pipe = pipe();
        assertThat(kernel.splice(file, new Offset(0), pipe.w, null, page, 0)).isEqualTo(page);
        pwrite(file, "B", 0);
        oldOrNew(pipe.take(2), "AA", "BA");
    }

    // SP-069
    @Test
    void aStoreThroughASharedMappingShowsInWhatWasSpliced() throws IOException {
        int file = file("f", "A".repeat(page));
        Pipe pipe = pipe();
        assertThat(kernel.splice(file, new Offset(0), pipe.w, null, page, 0)).isEqualTo(page);
        long address = kernel.mmap(page, Uapi.PROT_READ | Uapi.PROT_WRITE, Uapi.MAP_SHARED, file, 0);
        assertThat(address).isPositive();
        kernel.memory(address, page).putByte(0, (byte) 'Z');
        assertThat(kernel.munmap(address, page)).isZero();
        oldOrNew(pipe.take(1), "A", "Z");
    }

    // VM-007
    @ParameterizedTest
    @ValueSource(ints = {0, Uapi.SPLICE_F_GIFT})
    void aStoreToMemoryShowsInWhatWasVmspliced(int flags) {
        Memory memory = memory(page);
        memory.put(0, bytes("A".repeat(page)), 0, page);
        Pipe pipe = pipe();
        assertThat(kernel.vmsplice(pipe.w, new Span[] {new Span(memory, 0, page)}, flags))
                .isEqualTo(page);
        memory.putByte(0, (byte) 'B');
        oldOrNew(pipe.take(2), "AA", "BA");
    }

    @Test
    void memoryThatIsGivenBackStaysInThePipe() {
        Memory memory = memory(page);
        memory.put(0, bytes("A".repeat(page)), 0, page);
        Pipe pipe = pipe();
        assertThat(kernel.vmsplice(pipe.w, new Span[] {new Span(memory, 0, page)}, 0))
                .isEqualTo(page);
        memory.close();
        assertThat(pipe.take(page)).isEqualTo("A".repeat(page));
    }

    // SP-044: what CVE-2022-0847 did
    @Test
    void aWriteToThePipeNeverReachesTheFile() throws IOException {
        file("f", "A".repeat(page));
        int file = open(dir.resolve("f"), Uapi.O_RDONLY);
        Pipe pipe = pipe();
        assertThat(pipe.fillUp()).isEqualTo(pipe.capacity()); // every slot was written once, and may be merged into
        assertThat(readAll(pipe.r)).hasSize(pipe.capacity());
        assertThat(kernel.splice(file, new Offset(0), pipe.w, null, 1, 0)).isEqualTo(1);
        pipe.put("EVIL");
        assertThat(pipe.take(9)).isEqualTo("AEVIL");
        assertThat(content("f")).isEqualTo("A".repeat(page));
        assertThat(read(file, 9)).isEqualTo("A".repeat(9));
    }

    @Test
    void whatReadGaveIsACopy() throws IOException {
        int file = file("f", "A".repeat(page));
        Pipe pipe = pipe();
        pipe.put(read(file, page));
        pwrite(file, "B", 0);
        assertThat(pipe.take(2)).isEqualTo("AA");
    }

    @Test
    void whatWasSplicedIntoAFileIsACopy() throws IOException {
        int in = file("in", "A".repeat(page));
        int out = file("out", "");
        Pipe pipe = pipe();
        assertThat(kernel.splice(in, new Offset(0), pipe.w, null, page, 0)).isEqualTo(page);
        assertThat(kernel.splice(pipe.r, null, out, null, page, 0)).isEqualTo(page);
        pwrite(in, "B", 0);
        assertThat(content("out")).isEqualTo("A".repeat(page));
    }
}
