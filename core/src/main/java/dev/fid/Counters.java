package dev.fid;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// What the workers of one run did so far.
final class Counters {
    final LongAdder files = new LongAdder();
    final LongAdder directories = new LongAdder();
    final LongAdder symlinks = new LongAdder();
    final LongAdder links = new LongAdder();
    final LongAdder special = new LongAdder();
    final LongAdder skipped = new LongAdder();
    final LongAdder userBytes = new LongAdder();

    /// Of all files, those that are being copied among them.
    final LongAdder moving = new LongAdder();

    private final LongAdder[] byMethod = new LongAdder[Method.values().length];
    private final LongAdder bytes = new LongAdder();
    private volatile Method latest = Method.READ_WRITE;

    Counters() {
        for (int i = 0; i < byMethod.length; i++) {
            byMethod[i] = new LongAdder();
        }
    }

    /// A file is whole.
    void file(Map<Method, Long> methods) {
        files.increment();
        methods.forEach(this::moved);
    }

    void moved(Method method, long count) {
        byMethod[List.of(Method.values()).indexOf(method)].add(count);
        bytes.add(count);
        if (latest != method) {
            latest = method;
        }
    }

    void tell(Tree wish, @Nullable Census census, long start) {
        Consumer<Tree.Progress> listener = wish.listener;
        if (listener != null) {
            Census known = census != null && census.complete() ? census : null;
            listener.accept(new Tree.Progress(
                    files.sum() + skipped.sum() + links.sum(),
                    known != null ? known.files() : -1,
                    moving.sum(),
                    known != null ? known.bytes() : -1,
                    wish.kernel.nanoTime() - start,
                    latest));
        }
    }

    Tree.Report report(String uncached, long failed, List<Tree.Failure> failures, boolean stopped, long nanos) {
        Map<Method, Long> methods = new EnumMap<>(Method.class);
        for (Method method : Method.values()) {
            long count = byMethod[List.of(Method.values()).indexOf(method)].sum();
            if (count > 0) {
                methods.put(method, count);
            }
        }
        return new Tree.Report(
                files.sum(),
                directories.sum(),
                symlinks.sum(),
                links.sum(),
                special.sum(),
                skipped.sum(),
                bytes.sum(),
                userBytes.sum(),
                methods,
                uncached,
                failed,
                failures,
                stopped,
                nanos);
    }
}
