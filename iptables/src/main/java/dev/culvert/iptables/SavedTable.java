package dev.culvert.iptables;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * One table as the kernel shows it. Immutable, any thread.
 *
 * @param chains the rules of each chain, in order
 */
record SavedTable(Map<String, List<SavedRule>> chains) {
    static final SavedTable EMPTY = new SavedTable(Map.of());

    /** Empty too if there is no such chain. */
    List<SavedRule> rules(String chain) {
        return chains.getOrDefault(chain, List.of());
    }

    /** Whether anything in it belongs to Culvert. */
    boolean hasOurs() {
        return chains.entrySet().stream()
                .anyMatch(
                        each ->
                                Names.isOurs(each.getKey())
                                        || each.getValue().stream().anyMatch(SavedRule::isOurs));
    }

    /** Chains of ours that somebody else's rule leads to, which therefore cannot go. */
    Set<String> heldByOthers() {
        Set<String> held = new TreeSet<>();
        chains.forEach(
                (chain, rules) -> {
                    if (!Names.isOurs(chain)) {
                        rules.stream()
                                .filter(rule -> !rule.isOurs() && Names.isOurs(rule.target()))
                                .forEach(rule -> held.add(rule.target()));
                    }
                });
        return held;
    }
}
