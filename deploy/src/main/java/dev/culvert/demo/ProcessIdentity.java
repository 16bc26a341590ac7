package dev.culvert.demo;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A process by its id and its start time, so that a later process with the same id is never taken
 * for it. Immutable, any thread.
 *
 * @param pid the process id
 * @param startTicks field 22 of {@code /proc/PID/stat}: clock ticks since boot
 * @see <a href="https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html">proc_pid_stat(5)</a>
 */
record ProcessIdentity(long pid, long startTicks) {
    private static final int FIELDS_AFTER_NAME_TO_START_TIME = 19;

    /** The process that has this id now; its start time is -1 if there is none. */
    static ProcessIdentity of(long pid) {
        return new ProcessIdentity(pid, currentStartTicks(pid));
    }

    /** Reads the form that {@link #toString} writes. */
    static ProcessIdentity parse(String line) {
        String[] parts = line.strip().split(" ", -1);
        if (parts.length != 2) {
            throw new IllegalArgumentException("'" + line + "' is not 'PID START-TIME'");
        }
        return new ProcessIdentity(Long.parseLong(parts[0]), Long.parseLong(parts[1]));
    }

    /** The start time in the text of a {@code stat} file. */
    static long startTicks(String stat) {
        // The name in parentheses may hold spaces and parentheses itself.
        String afterName = stat.substring(stat.lastIndexOf(')') + 2);
        return Long.parseLong(afterName.split(" ", -1)[FIELDS_AFTER_NAME_TO_START_TIME]);
    }

    /** Whether this very process still runs. */
    boolean isAlive() {
        return startTicks >= 0 && currentStartTicks(pid) == startTicks;
    }

    /** Ends this very process with SIGKILL, if it still runs. */
    void kill() {
        if (isAlive()) {
            ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
        }
    }

    private static long currentStartTicks(long pid) {
        try {
            return startTicks(Files.readString(Path.of("/proc/" + pid + "/stat")));
        } catch (IOException _) {
            return -1;
        }
    }

    @Override
    public String toString() {
        return pid + " " + startTicks;
    }
}
