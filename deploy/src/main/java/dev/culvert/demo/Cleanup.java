package dev.culvert.demo;

import java.util.concurrent.atomic.AtomicBoolean;

/** Removes the demo when this process ends, for whatever reason. Any thread. */
final class Cleanup implements Runnable {
    private final ChildProcesses children;
    private final AtomicBoolean cancelled = new AtomicBoolean();
    private final AtomicBoolean begun = new AtomicBoolean();

    Cleanup(ChildProcesses children) {
        this.children = children;
    }

    @Override
    public void run() {
        if (!cancelled.get()) {
            begun.set(true);
            children.close();
        }
    }

    /** Whether the removal has begun. */
    boolean begun() {
        return begun.get();
    }

    /** Leaves everything as it is at the end. */
    void cancel() {
        cancelled.set(true);
    }
}
