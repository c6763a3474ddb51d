package dev.fid;

import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/// What is to be done, for workers that find more while they do it. Last in, first out.
final class Tasks {
    interface Task {
        void run(Worker worker);
    }

    private final Deque<Task> stack = new ArrayDeque<>();
    private int busy;

    synchronized void push(Task task) {
        stack.push(task);
        notify();
    }

    /// The next one, to be followed by {@link #done}; null when there is none and none can come.
    synchronized @Nullable Task next() {
        while (stack.isEmpty() && busy > 0) {
            try {
                wait();
            } catch (InterruptedException e) {
                // The run is stopped: what is left is taken, and left out, to close what it holds.
            }
        }
        if (stack.isEmpty()) {
            return null;
        }
        busy++;
        return stack.pop();
    }

    synchronized void done() {
        busy--;
        if (busy == 0 && stack.isEmpty()) {
            notifyAll();
        }
    }
}
