package dev.culvert.iptables;

import java.util.Locale;
import java.util.Set;

/** The tables that Culvert writes to, with the chains that the kernel calls in them. Any thread. */
public enum TableName {
    /** Drops packets before connection tracking sees them. */
    RAW("PREROUTING", "OUTPUT"),
    /** Marks packets. */
    MANGLE("PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"),
    /** Translates addresses; sees the first packet of a connection only. */
    NAT("PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"),
    /** Lets packets pass or not. */
    FILTER("INPUT", "FORWARD", "OUTPUT");

    @SuppressWarnings("ImmutableEnumChecker") // Set.of makes one that cannot be changed.
    private final Set<String> builtinChains;

    TableName(String... builtinChains) {
        this.builtinChains = Set.of(builtinChains);
    }

    /** The name that the programs use, such as {@code nat}. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The chains that exist without anybody making them. */
    public Set<String> builtinChains() {
        return builtinChains;
    }
}
