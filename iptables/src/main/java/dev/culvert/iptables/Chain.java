package dev.culvert.iptables;

import java.util.List;

/**
 * A chain of our own with all its rules, in order. Immutable, any thread.
 *
 * @param name begins with {@code CULVERT-}, at most 28 characters
 * @param rules from first to last
 */
public record Chain(String name, List<Rule> rules) {
    /**
     * Checks the name.
     *
     * @throws IllegalArgumentException naming it and what is wrong with it
     */
    public Chain {
        Names.checkOurChain(name);
        rules = List.copyOf(rules);
    }

    /** A chain of these rules. */
    public static Chain of(String name, Rule... rules) {
        return new Chain(name, List.of(rules));
    }
}
