package dev.fid.files;

import dev.fid.Method;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// What the workers of one run did so far.
final class TreeTotals {
    final AtomicLong files = new AtomicLong();
    final AtomicLong directories = new AtomicLong();
    final AtomicLong symlinks = new AtomicLong();
    final AtomicLong links = new AtomicLong();
    final AtomicLong special = new AtomicLong();
    final AtomicLong skipped = new AtomicLong();
    final AtomicLong userBytes = new AtomicLong();

    /// Of all files, those that are being copied among them.
    final AtomicLong moving = new AtomicLong();

    private final Map<Method, AtomicLong> byMethod = new EnumMap<>(Method.class);
    private final AtomicLong bytes = new AtomicLong();
    private final Map<String, AtomicLong> lost = new ConcurrentSkipListMap<>();
    private volatile Method latest = Method.READ_WRITE;

    TreeTotals() {
        for (Method method : Method.values()) {
            byMethod.put(method, new AtomicLong());
        }
    }

    /// A file is whole.
    void file(Map<Method, Long> methods) {
        files.incrementAndGet();
        methods.forEach(this::moved);
    }

    void moved(Method method, long count) {
        Objects.requireNonNull(byMethod.get(method)).addAndGet(count);
        bytes.addAndGet(count);
        if (latest != method) {
            latest = method;
        }
    }

    /// Something lacks what it was to have where that can be had.
    void lost(Tree.Loss loss) {
        lost.computeIfAbsent(loss.toString(), text -> new AtomicLong()).incrementAndGet();
    }

    void tell(Tree wish, @Nullable TreeProgress census, long start) {
        Consumer<Tree.Progress> listener = wish.listener;
        if (listener != null) {
            TreeProgress known = census != null && census.complete() ? census : null;
            listener.accept(new Tree.Progress(
                    files.get() + skipped.get() + links.get(),
                    known != null ? known.files() : -1,
                    moving.get(),
                    known != null ? known.bytes() : -1,
                    wish.kernel().nanoTime() - start,
                    latest));
        }
    }

    Tree.Report report(String uncached, long failed, List<Tree.Failure> failures, boolean stopped, long nanos) {
        Map<Method, Long> methods = new EnumMap<>(Method.class);
        byMethod.forEach((method, count) -> {
            if (count.get() > 0) {
                methods.put(method, count.get());
            }
        });
        Map<String, Long> missing = new TreeMap<>();
        lost.forEach((text, count) -> missing.put(text, count.get()));
        return new Tree.Report(
                files.get(),
                directories.get(),
                symlinks.get(),
                links.get(),
                special.get(),
                skipped.get(),
                bytes.get(),
                userBytes.get(),
                methods,
                uncached,
                missing,
                failed,
                failures,
                stopped,
                nanos);
    }
}
