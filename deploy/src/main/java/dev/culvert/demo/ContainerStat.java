package dev.culvert.demo;

/**
 * When a process began and how much it has worked, from {@code /proc/PID/stat}. Immutable.
 *
 * @param startSeconds from the machine's boot to the process' start, as {@code /proc/uptime} counts
 * @param processorSeconds what it has used, its threads included
 * @see <a href="https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html">proc_pid_stat(5)</a>
 */
record ContainerStat(double startSeconds, double processorSeconds) {
    /** The kernel's {@code USER_HZ}. */
    private static final double TICKS = 100;

    private static final int UTIME = 14;
    private static final int STIME = 15;
    private static final int STARTTIME = 22;

    static ContainerStat parse(String stat) {
        // The name, in parentheses, may hold blanks.
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
        double busy = field(fields, UTIME) + field(fields, STIME);
        return new ContainerStat(field(fields, STARTTIME) / TICKS, busy / TICKS);
    }

    /** The seconds since the machine's boot, of the content of {@code /proc/uptime}. */
    static double uptime(String text) {
        return Double.parseDouble(text.split(" ", -1)[0]);
    }

    /** Counted from 1, as the manual does; two come before these. */
    private static double field(String[] fields, int number) {
        return Double.parseDouble(fields[number - 3]);
    }
}
