package dev.culvert.iptables;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Our rules in a chain that belongs to all: where they should stand among the others', and the
 * edits that put them there. Others' rules are neither touched nor moved. The sync thread's only.
 */
final class SharedChain {
    private final String name;
    private final Map<Place, List<RenderedRule>> wanted = new LinkedHashMap<>();
    private List<SavedRule> known = List.of();

    /** Whether {@link #known} is what was there after our last change. */
    private boolean wasRead;

    /** Whether the last change went between others' rules, where only numbers tell a place. */
    private boolean unsure;

    SharedChain(String name) {
        this.name = name;
    }

    /** Returns whether this is a change. */
    boolean set(Place place, List<RenderedRule> rules) {
        List<RenderedRule> before =
                rules.isEmpty() ? wanted.remove(place) : wanted.put(place, rules);
        return !rules.equals(before == null ? List.of() : before);
    }

    /** Nothing of ours should be here. */
    void removeAll() {
        wanted.clear();
    }

    /** Takes what the kernel holds; a rule that was tampered with is marked so. */
    void read(List<SavedRule> rules) {
        known = rules;
        wasRead = true;
        unsure = false;
    }

    /** Whether the next change has to be preceded by a look at the kernel. */
    boolean mustRead() {
        return !wasRead;
    }

    /**
     * What was written is in the kernel now, as far as others did not write at the same time.
     *
     * @return whether that should be looked after at once
     */
    boolean written() {
        wasRead = false;
        return unsure;
    }

    /** Whether the kernel holds what is wanted, as far as is known. */
    boolean isInPlace() {
        RestoreScript script = new RestoreScript();
        write(script);
        return script.isEmpty();
    }

    /** All rules that should stand here, whatever the place. */
    Stream<RenderedRule> wanted() {
        return wanted.values().stream().flatMap(List::stream);
    }

    /** Writes the edits: deletions by their words, since others may change numbers at any time. */
    void write(RestoreScript script) {
        List<SavedRule> others = known.stream().filter(rule -> !rule.isOurs()).toList();
        List<List<SavedRule>> actual = actual();
        List<List<RenderedRule>> target = target(others);
        BitSet replaced = new BitSet();
        for (int gap = 0; gap < target.size(); gap++) {
            replaced.set(
                    gap, !hashes(actual.get(gap)).equals(RenderedRule.hashes(target.get(gap))));
        }
        if (!replaced.isEmpty() && hasTwins()) {
            replaced.set(0, target.size());
        }
        replaced.stream()
                .mapToObj(actual::get)
                .flatMap(List::stream)
                .forEach(rule -> script.delete(name, rule.text()));
        insert(script, target, replaced);
    }

    private void insert(RestoreScript script, List<List<RenderedRule>> target, BitSet replaced) {
        if (replaced.get(0)) {
            // The last one first, each before all others, wherever those are by then.
            target.getFirst().reversed().forEach(rule -> script.insert(name, 1, rule.line()));
        }
        int number = target.getFirst().size() + 1;
        for (int gap = 1; gap < target.size(); gap++) {
            number++;
            for (RenderedRule rule : target.get(gap)) {
                if (replaced.get(gap) && gap == target.size() - 1) {
                    script.append(name, rule.line());
                } else if (replaced.get(gap)) {
                    script.insert(name, number, rule.line());
                    unsure = true;
                }
                number++;
            }
        }
    }

    /** Our rules as they stand: before, between and behind the others'. */
    private List<List<SavedRule>> actual() {
        List<List<SavedRule>> gaps = new ArrayList<>();
        gaps.add(new ArrayList<>());
        for (SavedRule rule : known) {
            if (rule.isOurs()) {
                gaps.getLast().add(rule);
            } else {
                gaps.add(new ArrayList<>());
            }
        }
        return gaps;
    }

    /** Our rules as they should stand, one list more than there are others. */
    private List<List<RenderedRule>> target(List<SavedRule> others) {
        List<List<RenderedRule>> gaps = new ArrayList<>();
        for (int i = 0; i <= others.size(); i++) {
            gaps.add(new ArrayList<>());
        }
        wanted.entrySet().stream()
                .sorted(Comparator.comparing(each -> each.getKey().kind()))
                .forEach(each -> gaps.get(each.getKey().gap(others)).addAll(each.getValue()));
        return gaps;
    }

    /** A deletion takes the first of several equal rules, which may be the one that should stay. */
    private boolean hasTwins() {
        Set<String> texts = new HashSet<>();
        return known.stream().filter(SavedRule::isOurs).anyMatch(rule -> !texts.add(rule.text()));
    }

    private static List<RuleHash> hashes(List<SavedRule> rules) {
        return rules.stream().map(SavedRule::identity).toList();
    }
}
