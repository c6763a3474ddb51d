package dev.fid.files;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What is to be done, for workers that find more while they do it. Each goes on with what it found last, and who has
/// nothing takes the oldest of another: so they stay in directories of their own, which the kernel locks for each new
/// name.
final class WorkQueue {
    interface Task {
        void run(TreeWorker worker);
    }

    private final List<Deque<Task>> stacks = new ArrayList<>();
    private int busy;

    /// @param workers how many there are: their numbers begin at 0
    WorkQueue(int workers) {
        for (int i = 0; i < workers; i++) {
            stacks.add(new ArrayDeque<>());
        }
    }

    synchronized void push(int worker, Task task) {
        stacks.get(worker).push(task);
        notify();
    }

    /// The next one, to be followed by {@link #done}; null when there is none and none can come.
    synchronized @Nullable Task next(int worker) {
        Task task;
        while ((task = take(worker)) == null && busy > 0) {
            try {
                wait();
            } catch (InterruptedException e) {
                // The run is stopped: what is left is taken, and left out, to close what it holds.
            }
        }
        if (task != null) {
            busy++;
        }
        return task;
    }

    private @Nullable Task take(int worker) {
        Task own = stacks.get(worker).poll();
        for (int i = 1; own == null && i < stacks.size(); i++) {
            own = stacks.get((worker + i) % stacks.size()).pollLast();
        }
        return own;
    }

    synchronized void done() {
        busy--;
        if (busy == 0 && stacks.stream().allMatch(Deque::isEmpty)) {
            notifyAll();
        }
    }
}
