package dev.culvert.agent.metrics;

import com.sun.management.OperatingSystemMXBean;
import dev.culvert.agent.status.StatusReport.ProcessStatus;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryUsage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/** Figures about this process. Stateless, any thread. */
public final class ProcessFigures {
    private static final Path STATUS = Path.of("/proc/self/status");
    private static final String RESIDENT = "VmRSS:";

    private ProcessFigures() {}

    /** All of them. */
    public static ProcessStatus now() {
        MemoryUsage heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage();
        return new ProcessStatus(
                Runtime.version().toString(),
                heap.getUsed(),
                heap.getMax(),
                residentBytes(),
                ManagementFactory.getThreadMXBean().getThreadCount(),
                cpu().toMillis());
    }

    /** When the virtual machine started, in milliseconds since 1970. */
    public static long startedMillis() {
        return ManagementFactory.getRuntimeMXBean().getStartTime();
    }

    /** Time of all cores since the start. */
    private static Duration cpu() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean system
                ? Duration.ofNanos(Math.max(0, system.getProcessCpuTime()))
                : Duration.ZERO;
    }

    /** Memory of the whole process; 0 where it cannot be read. */
    public static long residentBytes() {
        try {
            return Files.readAllLines(STATUS).stream()
                    .filter(line -> line.startsWith(RESIDENT))
                    .mapToLong(line -> kilobytes(line.substring(RESIDENT.length())))
                    .sum();
        } catch (IOException _) {
            return 0;
        }
    }

    private static long kilobytes(String text) {
        return Long.parseLong(text.replace("kB", "").strip()) << 10;
    }
}
