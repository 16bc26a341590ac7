package dev.culvert.iptables;

import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads the counters that {@code iptables-save -c} prints in front of rules. Stateless. */
final class PacketCounts {
    private static final Pattern RULE = Pattern.compile("\\[(\\d+):\\d+] -A (\\S+).*");

    private PacketCounts() {}

    /** The packets of all rules of each chain of ours. */
    static Map<String, Long> parse(String output) {
        Map<String, Long> packets = new TreeMap<>();
        output.lines()
                .map(RULE::matcher)
                .filter(Matcher::matches)
                .filter(rule -> Names.isOurs(rule.group(2)))
                .forEach(
                        rule ->
                                packets.merge(
                                        rule.group(2), Long.parseLong(rule.group(1)), Long::sum));
        return packets;
    }
}
