package dev.culvert.demo;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A long-lived process in a node whose output goes to a file. The main thread only. */
final class LoggedProcess {
    private static final int TAIL_LINES = 25;

    private final Process process;
    private final Path log;

    private LoggedProcess(Process process, Path log) {
        this.process = process;
        this.log = log;
    }

    static LoggedProcess start(
            NodeHolder node, ChildProcesses children, Path log, List<String> command)
            throws DemoException {
        List<String> words = new ArrayList<>(children.mortal());
        words.addAll(command);
        return start(children, log, node.enter(words));
    }

    /** The same in the namespaces of this program. */
    static LoggedProcess start(ChildProcesses children, Path log, List<String> command)
            throws DemoException {
        List<String> all = new ArrayList<>(List.of("setsid"));
        all.addAll(command);
        ProcessBuilder builder = new ProcessBuilder(all);
        builder.redirectErrorStream(true).redirectOutput(log.toFile());
        builder.redirectInput(Path.of("/dev/null").toFile());
        return new LoggedProcess(children.start(builder), log);
    }

    boolean isAlive() {
        return process.isAlive();
    }

    Path log() {
        return log;
    }

    /** The process that it started, or 0 while there is none. */
    long child() {
        return process.children().mapToLong(ProcessHandle::pid).findFirst().orElse(0);
    }

    /** Sends SIGTERM and returns the exit status, or -1 if it does not end in {@code limit}. */
    int terminate(Duration limit) throws InterruptedException {
        process.destroy();
        return awaitEnd(limit);
    }

    /** The exit status, or -1 if it does not end in {@code limit}. */
    int awaitEnd(Duration limit) throws InterruptedException {
        return process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS) ? process.exitValue() : -1;
    }

    /** The end of the log. */
    String tail() {
        try {
            List<String> lines = Files.readAllLines(log);
            return String.join(
                    "\n", lines.subList(Math.max(0, lines.size() - TAIL_LINES), lines.size()));
        } catch (IOException e) {
            return "cannot read " + log + ": " + e.getMessage();
        }
    }
}
