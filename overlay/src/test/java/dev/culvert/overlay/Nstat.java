package dev.culvert.overlay;

import dev.culvert.linux.netns.NetworkNamespace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/**
 * The counters of a network namespace's IP stack at one moment, named as {@code nstat} names them.
 * Immutable.
 *
 * @param values by name
 * @see <a href="https://docs.kernel.org/networking/snmp_counter.html">SNMP counter</a>
 */
record Nstat(Map<String, Long> values) {
    /** Something arrived damaged, or could not be put together. */
    private static final Predicate<String> DAMAGE =
            Pattern.compile(
                            "\\w*(Csum\\w*Err\\w*|InCsumErrors|InHdrErrors|InTruncatedPkts|ReasmFails|InErrs)"
                                    + "|Udp6?InErrors|TcpExtTCPBadOptions?")
                    .asMatchPredicate();

    private static final String SEGMENTS = "TcpInErrs";
    private static final String LATE_SYN = "TcpExtTCPSYNChallenge";

    /** Segments did not arrive in their order. */
    private static final Predicate<String> DISORDER =
            Pattern.compile("TcpExtTCP(OFO\\w*|SACKReorder|RenoReorder|TSReorder|DSACKOfoRecv)")
                    .asMatchPredicate();

    /** What they are now. */
    static Nstat read(NetworkNamespace namespace) throws Exception {
        return namespace.call(
                () -> {
                    Map<String, Long> values = new LinkedHashMap<>();
                    addTables(values, "snmp");
                    addTables(values, "netstat");
                    addList(values, "snmp6");
                    return new Nstat(values);
                });
    }

    /** A line of names, then a line of values, each behind the table's name. */
    private static void addTables(Map<String, Long> values, String file) throws IOException {
        List<String> lines = lines(file);
        for (int i = 0; i + 1 < lines.size(); i += 2) {
            String[] names = lines.get(i).trim().split(" ", -1);
            String[] numbers = lines.get(i + 1).trim().split(" ", -1);
            String table = names[0].replace(":", "");
            for (int k = 1; k < names.length; k++) {
                values.put(table + names[k], Long.parseLong(numbers[k]));
            }
        }
    }

    private static void addList(Map<String, Long> values, String file) throws IOException {
        for (String line : lines(file)) {
            String[] parts = line.trim().split("\\s+", -1);
            values.put(parts[0], Long.parseLong(parts[1]));
        }
    }

    private static List<String> lines(String file) throws IOException {
        return Files.readAllLines(Path.of("/proc/thread-self/net", file));
    }

    /** One counter, which must be there. */
    long get(String name) {
        Long value = values.get(name);
        if (value == null) {
            throw new AssertionError("the kernel has no counter " + name + ": " + values.keySet());
        }
        return value;
    }

    /**
     * What counted damaged packets since then. A SYN that comes twice, or late, is among the
     * segments with errors although it is whole; the kernel counts it as a challenge too.
     */
    Map<String, Long> damageSince(Nstat before) {
        Map<String, Long> damage = since(before, DAMAGE);
        long whole = get(LATE_SYN) - before.get(LATE_SYN);
        damage.computeIfPresent(SEGMENTS, (_, count) -> count > whole ? count - whole : null);
        return damage;
    }

    /** What counted segments out of order since then. */
    Map<String, Long> disorderSince(Nstat before) {
        return since(before, DISORDER);
    }

    private Map<String, Long> since(Nstat before, Predicate<String> which) {
        Map<String, Long> result = new TreeMap<>();
        values.forEach(
                (name, value) -> {
                    long grown = value - before.values.getOrDefault(name, 0L);
                    if (which.test(name) && grown > 0) {
                        result.put(name, grown);
                    }
                });
        return result;
    }
}
