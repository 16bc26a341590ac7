package dev.culvert.agent.metrics;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * What the kernel dropped on the way into a TUN device, since its queue was full or the agent away.
 * Reads the network namespace of the calling thread. Stateless.
 *
 * @see <a href="https://man7.org/linux/man-pages/man5/proc_net.5.html">proc_net(5)</a>
 */
final class TunDrops {
    private static final Path DEVICES = Path.of("/proc/thread-self/net/dev");

    /**
     * Of the numbers behind a device's name: eight about receiving, then bytes, packets, errors.
     */
    private static final int TRANSMIT_DROPPED = 11;

    private TunDrops() {}

    /** Of a device that is not there, none. */
    static double of(String device) {
        try {
            return of(device, Files.readAllLines(DEVICES));
        } catch (IOException _) {
            return 0;
        }
    }

    static double of(String device, List<String> lines) {
        String start = device + ":";
        return lines.stream()
                .map(String::strip)
                .filter(line -> line.startsWith(start))
                .map(line -> line.substring(start.length()).strip().split("\\s+"))
                .filter(numbers -> numbers.length > TRANSMIT_DROPPED)
                .mapToDouble(numbers -> Double.parseDouble(numbers[TRANSMIT_DROPPED]))
                .sum();
    }
}
