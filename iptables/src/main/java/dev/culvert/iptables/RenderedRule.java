package dev.culvert.iptables;

import java.util.List;

/**
 * A rule with its hash and its line, so that neither is computed twice. Immutable, any thread.
 *
 * @param hash what it is recognised by
 * @param line what the restore program reads
 */
record RenderedRule(RuleHash hash, String line) {
    static List<RenderedRule> of(List<Rule> rules) {
        return rules.stream().map(rule -> new RenderedRule(rule.hash(), rule.line())).toList();
    }

    static List<RuleHash> hashes(List<RenderedRule> rules) {
        return rules.stream().map(RenderedRule::hash).toList();
    }
}
