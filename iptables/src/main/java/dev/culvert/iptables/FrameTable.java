package dev.culvert.iptables;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What frames the ports of bridges may send: the table {@code culvert} of nf_tables' bridge family,
 * written with {@code nft}. iptables sees neither ARP nor what is no IP, and the table serves nodes
 * with either of its variants. One thread.
 *
 * <p>A map leads from a port's name to a chain of that name; other ports' frames pass. The table is
 * all ours, so it is compared with how the kernel showed it when it was written, and made anew if
 * anybody changed it, at one moment. Ports that come and go change their own chains only.
 */
public final class FrameTable {
    /** By this name the kernel tells of our changes, and of those of everybody who uses nft. */
    public static final String PROGRAM = "nft";

    /** As long as the kernel's notification of a change may take to be looked at. */
    private static final long RECENT_NANOS = TimeUnit.SECONDS.toNanos(1);

    private static final String TABLE = "bridge culvert";
    private static final String CHAIN = "frames";
    private static final String MAP = "ports";
    private static final Pattern COUNTER =
            Pattern.compile("counter (\\w+) \\{\\s*packets (\\d+)", Pattern.MULTILINE);

    /** Before br_netfilter hands packets to iptables. */
    private static final int PRIORITY = -300;

    private final IptablesCommand command;
    private final List<String> counters;
    private Map<String, List<String>> wanted = Map.of();
    private @Nullable Map<String, List<String>> written;
    private String shown = "";
    private boolean isStale = true;
    private volatile boolean writing;
    private volatile long lastWrite = System.nanoTime() - RECENT_NANOS;

    /**
     * @param command runs {@code nft}
     * @param counters the names of counters that rules may refer to
     */
    public FrameTable(IptablesCommand command, List<String> counters) {
        this.command = command;
        this.counters = List.copyOf(counters);
    }

    /**
     * What should be.
     *
     * @param ports the rules of each port that is looked at, in nft's words
     */
    public void setPorts(Map<String, List<String>> ports) {
        wanted = new TreeMap<>(ports);
    }

    /** Forget what was read: the next {@link #apply} looks again. */
    public void queueResync() {
        isStale = true;
    }

    /**
     * Makes the kernel as it should be.
     *
     * @return whether somebody else had changed what was written
     * @throws IptablesException with a sentence for people; nothing was changed then, and the next
     *     call tries again
     */
    public boolean apply() throws IOException {
        Map<String, List<String>> before = written;
        boolean damaged = before != null && isStale && !shown.equals(show());
        if (before == null || damaged) {
            write(all());
        } else if (!before.equals(wanted)) {
            write(changes(before));
        }
        isStale = false;
        return damaged;
    }

    /**
     * Whether it is writing, or was within the last second: then a change that nft made just now is
     * most likely this one. Any thread.
     */
    public boolean isRecent() {
        return writing || System.nanoTime() - lastWrite < RECENT_NANOS;
    }

    private void write(String script) throws IOException {
        written = null;
        writing = true;
        IptablesCommand.Result result;
        try {
            result = command.run(List.of(PROGRAM, "-f", "-"), script);
        } finally {
            lastWrite = System.nanoTime();
            writing = false;
        }
        if (result.status() != 0) {
            throw new IptablesException(
                    "nft refused the table '%s': %s. Nothing of it was changed"
                            .formatted(TABLE, firstLine(result.error())));
        }
        shown = show();
        written = wanted;
    }

    private static String firstLine(String text) {
        return text.lines().findFirst().orElse("it did not say why");
    }

    /** How the kernel shows the table, without counts; empty if there is none. */
    private String show() throws IOException {
        IptablesCommand.Result result =
                command.run(List.of(PROGRAM, "-s", "list", "table", "bridge", "culvert"), "");
        return result.status() == 0 ? result.output() : "";
    }

    /** The table is made only so that it can be deleted. */
    private static String removal() {
        return "add table %s\ndelete table %s\n".formatted(TABLE, TABLE);
    }

    private String all() {
        StringBuilder script = new StringBuilder(removal());
        script.append("add table %s\n".formatted(TABLE));
        counters.forEach(each -> script.append("add counter %s %s\n".formatted(TABLE, each)));
        script.append("add map %s %s { type ifname : verdict; }\n".formatted(TABLE, MAP));
        script.append(
                "add chain %s %s { type filter hook prerouting priority %d; policy accept; }\n"
                        .formatted(TABLE, CHAIN, PRIORITY));
        script.append("add rule %s %s iifname vmap @%s\n".formatted(TABLE, CHAIN, MAP));
        wanted.forEach((port, rules) -> add(script, port, rules));
        return script.toString();
    }

    private static void add(StringBuilder script, String port, List<String> rules) {
        script.append("add chain %s %s\n".formatted(TABLE, port));
        appendRules(script, port, rules);
        script.append("add element %s %s { \"%s\" : goto %s }\n".formatted(TABLE, MAP, port, port));
    }

    private static void appendRules(StringBuilder script, String port, List<String> rules) {
        rules.forEach(rule -> script.append("add rule %s %s %s\n".formatted(TABLE, port, rule)));
    }

    private String changes(Map<String, List<String>> before) {
        StringBuilder script = new StringBuilder();
        List<String> gone = new ArrayList<>(before.keySet());
        gone.removeAll(wanted.keySet());
        for (String port : gone) {
            script.append("delete element %s %s { \"%s\" }\n".formatted(TABLE, MAP, port));
            script.append("flush chain %s %s\n".formatted(TABLE, port));
            script.append("delete chain %s %s\n".formatted(TABLE, port));
        }
        wanted.forEach(
                (port, rules) -> {
                    if (!before.containsKey(port)) {
                        add(script, port, rules);
                    } else if (!rules.equals(before.get(port))) {
                        script.append("flush chain %s %s\n".formatted(TABLE, port));
                        appendRules(script, port, rules);
                    }
                });
        return script.toString();
    }

    /** How many packets each counter has seen; a counter that was made again begins at 0. */
    public Map<String, Long> packets() throws IOException {
        if (written == null) {
            return Map.of();
        }
        IptablesCommand.Result result =
                command.run(List.of(PROGRAM, "list", "counters", "table", "bridge", "culvert"), "");
        Map<String, Long> packets = new HashMap<>();
        Matcher matcher = COUNTER.matcher(result.output());
        while (matcher.find()) {
            packets.put(matcher.group(1), Long.parseLong(matcher.group(2)));
        }
        return packets;
    }

    /**
     * Removes the table.
     *
     * @return whether there was one; without nft there cannot be
     * @throws IptablesException if the kernel refuses
     */
    public boolean remove() throws IOException {
        try {
            if (show().isEmpty()) {
                return false;
            }
        } catch (IptablesException _) {
            return false;
        }
        wanted = Map.of();
        write(removal());
        written = null;
        return true;
    }
}
