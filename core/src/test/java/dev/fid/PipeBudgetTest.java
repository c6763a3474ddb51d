package dev.fid;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fid.kernel.Kernel;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class PipeBudgetTest {
    private final Kernel kernel = Kernel.linux();
    private final int page = kernel.pageSize();
    private final List<String> refusals = new ArrayList<>();

    private void refused(String call, int errno, String reason) {
        refusals.add(reason);
    }

    @Test
    void pipesBecomeSmallerAndThenThereIsNone() {
        PipeBudget budget = new PipeBudget(kernel, 1 << 20, (2 << 20) / page);
        List<Pipe> pipes = new ArrayList<>();
        for (Pipe pipe = budget.tryOpen(1 << 20, this::refused);
                pipe != null;
                pipe = budget.tryOpen(1 << 20, this::refused)) {
            pipes.add(pipe);
        }
        assertThat(pipes).extracting(Pipe::capacity).first().isEqualTo(1L << 20);
        assertThat(pipes.subList(1, pipes.size())).hasSize(16).allMatch(pipe -> pipe.capacity() == 64 << 10);
        assertThat(budget.pages()).isEqualTo((2 << 20) / page);
        assertThat(refusals).containsExactly("the user's pipe pages are used up");
        pipes.forEach(Pipe::close);
        pipes.forEach(Pipe::close);
        assertThat(budget.pages()).isZero();
        assertThat(budget.pipes()).isZero();
    }

    @Test
    void aPipeThatWouldBeTooSmallBecomesLarger() {
        try (Pipe pipe = new PipeBudget(kernel, 1 << 20, 0).tryOpen(4096, this::refused)) {
            assertThat(pipe).isNotNull();
            assertThat(pipe.capacity()).isEqualTo(PipeBudget.LEAST_CAPACITY);
        }
    }

    @Test
    void aPipeOfSomebodyElseGrowsWhileHalfOfTheLimitIsFree() throws Exception {
        PipeBudget budget = new PipeBudget(kernel, 256 << 10, (1 << 20) / page);
        try (Pipe first = Pipe.open(kernel, 64 << 10);
                Pipe second = Pipe.open(kernel, 64 << 10);
                Pipe third = Pipe.open(kernel, 64 << 10)) {
            int more = (192 << 10) / page;
            assertThat(budget.enlarge(first.sink().number(), 1 << 20)).isEqualTo(more);
            assertThat(budget.enlarge(first.sink().number(), 1 << 20)).isZero();
            assertThat(budget.enlarge(second.sink().number(), 1 << 20)).isEqualTo(more);
            assertThat(budget.enlarge(third.sink().number(), 1 << 20)).isZero();
            assertThat(budget.pages()).isEqualTo(2L * more);
            budget.forget(2L * more);
            assertThat(budget.enlarge(third.sink().number(), 1 << 20)).isEqualTo(more);
        }
    }

    @Test
    void noPipeIsLargerThanAllowed() throws Exception {
        try (Pipe pipe = new PipeBudget(kernel, 128 << 10, 0).open(1 << 20)) {
            assertThat(pipe.capacity()).isEqualTo(128 << 10);
        }
    }
}
