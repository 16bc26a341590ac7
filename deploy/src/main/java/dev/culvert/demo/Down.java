package dev.culvert.demo;

import java.io.IOException;
import java.time.Duration;
import java.util.List;

/** Removes a demo that was left running. Call it on one thread. */
final class Down {
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private Down() {}

    /** Ends the recorded processes, last started first; the namespaces go with them. */
    static int run(StateFile state, Report report) throws IOException, InterruptedException {
        List<ProcessIdentity> processes = state.alive();
        for (ProcessIdentity process : processes.reversed()) {
            process.kill();
        }
        for (ProcessIdentity process : processes) {
            if (!Await.until(PATIENCE, () -> !process.isAlive())) {
                report.failure("process " + process.pid() + " does not end");
                return 1;
            }
        }
        state.delete();
        report.line(
                processes.isEmpty()
                        ? "No demo is running."
                        : "Removed the demo: " + processes.size() + " processes ended.");
        return 0;
    }
}
