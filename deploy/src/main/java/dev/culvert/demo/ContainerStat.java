package dev.culvert.demo;

import java.util.List;

/**
 * How long a process has lived and worked, from {@code /proc/PID/stat} and {@code /proc/uptime}.
 * Immutable.
 *
 * @param ageSeconds since it was started
 * @param processorSeconds what it has used, its threads included
 * @see <a href="https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html">proc_pid_stat(5)</a>
 */
record ContainerStat(double ageSeconds, double processorSeconds) {
    /** The kernel's {@code USER_HZ}. */
    private static final double TICKS = 100;

    private static final int UTIME = 14;
    private static final int STIME = 15;
    private static final int STARTTIME = 22;

    static ContainerStat parse(String stat, String uptime) {
        // The name, in parentheses, may hold blanks.
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
        double now = Double.parseDouble(uptime.split(" ", -1)[0]);
        double busy = field(fields, UTIME) + field(fields, STIME);
        return new ContainerStat(now - field(fields, STARTTIME) / TICKS, busy / TICKS);
    }

    /** Counted from 1, as the manual does; two come before these. */
    private static double field(String[] fields, int number) {
        return Double.parseDouble(fields[number - 3]);
    }

    static ContainerStat of(List<String> stat, List<String> uptime) {
        return parse(stat.getFirst(), uptime.getFirst());
    }
}
