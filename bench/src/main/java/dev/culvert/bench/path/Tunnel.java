package dev.culvert.bench.path;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The process that carries a node's packets. It ends with the {@link Processes} that it was started
 * by, if not before. One thread.
 */
interface Tunnel extends AutoCloseable {
    /** That process. */
    Process process();

    /** Its resident memory in MB. */
    default double residentMegabytes() throws IOException {
        return MachineFiles.megabytes(Files.readAllLines(file("status")), "VmRSS");
    }

    /** The most resident memory since {@link #forgetPeak}, in MB. */
    default double peakMegabytes() throws IOException {
        return MachineFiles.megabytes(Files.readAllLines(file("status")), "VmHWM");
    }

    /** Starts {@link #peakMegabytes} again. */
    default void forgetPeak() throws IOException {
        Files.writeString(file("clear_refs"), MachineFiles.CLEAR_PEAK);
    }

    /** Bytes of heap that its threads have taken since it started; NaN where that is unknown. */
    default double allocatedBytes() throws IOException {
        return Double.NaN;
    }

    private Path file(String name) throws IOException {
        Processes.requireAlive(process());
        return Path.of("/proc", Long.toString(process().pid()), name);
    }

    @Override
    default void close() {
        process().destroyForcibly();
    }
}
