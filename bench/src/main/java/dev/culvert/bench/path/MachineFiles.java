package dev.culvert.bench.path;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * What Linux says of the machine and its processes.
 *
 * @see <a href="https://man7.org/linux/man-pages/man5/proc_stat.5.html">proc_stat(5)</a>
 */
public final class MachineFiles {
    /** {@code USER_HZ}: the same on every architecture that Linux has had in this century. */
    private static final double TICKS_PER_SECOND = 100;

    /**
     * Written to {@code /proc/PID/clear_refs}, makes {@code VmHWM} what {@code VmRSS} is.
     *
     * @see <a href="https://man7.org/linux/man-pages/man5/proc_pid_clear_refs.5.html">
     *     proc_pid_clear_refs(5)</a>
     */
    static final String CLEAR_PEAK = "5";

    private MachineFiles() {}

    /** Processor seconds that this machine has worked since it started. */
    static double busySeconds() throws IOException {
        return busySeconds(Files.readAllLines(Path.of("/proc/stat")).getFirst());
    }

    /** The same of the first line of {@code /proc/stat}: user, nice, system, irq and softirq. */
    static double busySeconds(String line) {
        String[] fields = line.trim().split(" +", -1);
        long ticks = 0;
        for (int field : new int[] {1, 2, 3, 6, 7}) {
            ticks += Long.parseLong(fields[field]);
        }
        return ticks / TICKS_PER_SECOND;
    }

    /** A member of {@code /proc/PID/status} in MB; NaN if it is not there. */
    public static double megabytes(List<String> status, String member) {
        return status.stream()
                .filter(line -> line.startsWith(member + ":"))
                .mapToDouble(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024 / 1e6)
                .findFirst()
                .orElse(Double.NaN);
    }

    /** Processor seconds that a process has used, of its {@code /proc/PID/stat}. */
    public static double processSeconds(String stat) {
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
        return (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) / TICKS_PER_SECOND;
    }

    /** The same of the processes that it started and that have ended. */
    public static double childSeconds(String stat) {
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
        return (Long.parseLong(fields[13]) + Long.parseLong(fields[14])) / TICKS_PER_SECOND;
    }

    /** The interfaces of the calling thread's namespace and what they have counted. */
    static List<String> devices() throws IOException {
        return Files.readAllLines(Path.of("/proc/thread-self/net/dev"));
    }

    /**
     * What one of {@link #devices} has received.
     *
     * @throws IOException if there is no such interface
     */
    static long receivedBytes(List<String> devices, String name) throws IOException {
        for (String line : devices) {
            String[] halves = line.split(":", 2);
            if (halves.length == 2 && halves[0].strip().equals(name)) {
                return Long.parseLong(halves[1].strip().split(" +", 2)[0]);
            }
        }
        throw new IOException("no interface " + name);
    }
}
