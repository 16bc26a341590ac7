package dev.culvert.demo;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * The long-lived processes of the demo. Each is recorded before it is used and ended by {@link
 * #close}, last started first. {@link #start} belongs to the main thread, because the kernel ends a
 * child when the very thread that started it ends; the rest may be called from any thread.
 */
final class ChildProcesses implements AutoCloseable {
    private static final int SECONDS_TO_LEAVE = 5;

    private final StateFile state;
    private final boolean keep;
    private final List<Process> processes = new ArrayList<>();
    private boolean closed;

    /**
     * Makes nothing yet.
     *
     * @param keep whether the processes may outlive this one
     */
    ChildProcesses(StateFile state, boolean keep) {
        this.state = state;
        this.keep = keep;
    }

    boolean keep() {
        return keep;
    }

    /** Starts a process that a signal of the terminal does not reach. */
    synchronized Process start(ProcessBuilder builder) throws DemoException {
        if (closed) {
            throw new DemoException("the demo is being removed");
        }
        try {
            Process process = builder.start();
            processes.add(process);
            state.add(ProcessIdentity.of(process.pid()));
            return process;
        } catch (IOException e) {
            throw new DemoException("cannot run " + builder.command() + ": " + e.getMessage(), e);
        }
    }

    /** The words that make a command die with the demo, unless it is to be kept. */
    List<String> mortal() {
        return keep ? List.of() : List.of("setpriv", "--pdeathsig", "KILL");
    }

    /** Ends every process and forgets them; twice is fine. */
    @Override
    public void close() {
        List<Process> all;
        synchronized (this) {
            closed = true;
            all = List.copyOf(processes).reversed();
            processes.clear();
        }
        all.forEach(Process::destroyForcibly);
        all.forEach(ChildProcesses::awaitEnd);
        try {
            state.delete();
        } catch (IOException e) {
            throw new IllegalStateException("cannot remove " + state.path(), e);
        }
    }

    private static void awaitEnd(Process process) {
        try {
            process.waitFor(SECONDS_TO_LEAVE, TimeUnit.SECONDS);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }
}
