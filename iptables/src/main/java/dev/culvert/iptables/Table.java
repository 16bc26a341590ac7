package dev.culvert.iptables;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * What should be in one table of one address family, and what is known to be there. The sync
 * thread's only.
 *
 * <p>{@link #setChain}, {@link #removeChain} and {@link #setRules} only note what should be; {@link
 * PacketFilter#apply} writes it, chain by chain: what was not touched since is not even compared.
 * {@link PacketFilter#queueResync} makes it compare everything with what the kernel says.
 */
public final class Table {
    private final TableName name;
    private final Map<String, List<RenderedRule>> desired = new LinkedHashMap<>();
    private final Map<String, SharedChain> shared = new LinkedHashMap<>();

    /** The chains of ours that the kernel has, with what is in them. */
    private final Map<String, List<RuleHash>> known = new HashMap<>();

    /** How the kernel shows our rules, learned when they are read for the first time. */
    private final Map<RuleHash, String> renderings = new HashMap<>();

    private final Set<String> dirty = new LinkedHashSet<>();
    private final Set<String> dirtyShared = new LinkedHashSet<>();
    private final Set<String> strays = new TreeSet<>();
    private Set<String> held = Set.of();

    Table(TableName name) {
        this.name = name;
    }

    /** Which one it is. */
    public TableName name() {
        return name;
    }

    /** This chain should exist and hold these rules, whatever was said of it before. */
    public void setChain(Chain chain) {
        List<RenderedRule> rules = RenderedRule.of(chain.rules());
        if (!rules.equals(desired.put(chain.name(), rules))) {
            dirty.add(chain.name());
            strays.remove(chain.name());
        }
    }

    /** This chain of ours should not exist. Rules that lead to it have to go as well. */
    public void removeChain(String chain) {
        if (desired.remove(Names.checkOurChain(chain)) != null) {
            dirty.remove(chain);
            if (known.containsKey(chain)) {
                strays.add(chain);
            }
        }
    }

    /** The names of the chains that should exist. */
    public Set<String> chainNames() {
        return Set.copyOf(desired.keySet());
    }

    /**
     * These rules of ours, and no others, should stand at this place of a chain that belongs to
     * all. An empty list takes them away.
     *
     * @throws IllegalArgumentException if the table has no such built-in chain
     */
    public void setRules(String builtinChain, Place place, List<Rule> rules) {
        if (!name.builtinChains().contains(builtinChain)) {
            throw new IllegalArgumentException(
                    "table %s has no chain '%s', but %s"
                            .formatted(name.text(), builtinChain, name.builtinChains()));
        }
        if (shared(builtinChain).set(place, RenderedRule.of(rules))) {
            dirtyShared.add(builtinChain);
        }
    }

    private SharedChain shared(String chain) {
        return shared.computeIfAbsent(chain, SharedChain::new);
    }

    /** Nothing of ours should be here. */
    void removeAll() {
        Set.copyOf(desired.keySet()).forEach(this::removeChain);
        shared.values().forEach(SharedChain::removeAll);
        dirtyShared.addAll(shared.keySet());
    }

    /** Whether anything should be here. */
    boolean isWanted() {
        return !desired.isEmpty()
                || shared.values().stream().anyMatch(c -> c.wanted().findAny().isPresent());
    }

    /** Whether what others hold in chains of all has to be known before the next change. */
    boolean mustRead() {
        return dirtyShared.stream().anyMatch(chain -> shared(chain).mustRead());
    }

    /** Whether there may be something to write. */
    boolean isDirty() {
        return !dirty.isEmpty() || !dirtyShared.isEmpty() || !strays.isEmpty();
    }

    /**
     * Takes what the kernel holds.
     *
     * @return a sentence for each chain that was not as it was left
     */
    List<String> read(SavedTable saved) {
        Set<String> pending = new HashSet<>(dirty);
        pending.addAll(strays);
        pending.addAll(dirtyShared);
        readOwn(saved);
        readShared(saved);
        forgetRenderings();
        List<String> drifted = new ArrayList<>();
        for (Set<String> chains : List.of(dirty, dirtyShared, strays)) {
            chains.stream()
                    .filter(chain -> !pending.contains(chain))
                    .filter(chain -> desired.containsKey(chain) || !held.contains(chain))
                    .map(chain -> "chain %s of table %s".formatted(chain, name.text()))
                    .forEach(drifted::add);
        }
        return drifted;
    }

    private void readOwn(SavedTable saved) {
        known.clear();
        dirty.clear();
        strays.clear();
        held = saved.heldByOthers();
        saved.chains().forEach(this::readOwn);
        desired.forEach(
                (chain, rules) -> {
                    if (!RenderedRule.hashes(rules).equals(known.get(chain))) {
                        dirty.add(chain);
                    }
                });
    }

    private void readOwn(String chain, List<SavedRule> rules) {
        if (Names.isOurs(chain)) {
            known.put(chain, rules.stream().map(this::checked).map(SavedRule::identity).toList());
            if (!desired.containsKey(chain)) {
                strays.add(chain);
            }
        }
    }

    private void readShared(SavedTable saved) {
        dirtyShared.clear();
        saved.chains()
                .forEach(
                        (chain, rules) -> {
                            if (rules.stream().anyMatch(SavedRule::isOurs)
                                    && !Names.isOurs(chain)) {
                                shared(chain);
                            }
                        });
        shared.forEach(
                (chain, rules) -> {
                    rules.read(saved.rules(chain).stream().map(this::checked).toList());
                    if (!rules.isInPlace()) {
                        dirtyShared.add(chain);
                    }
                });
    }

    /** A rule whose hash is right and whose words are not was edited by hand. */
    private SavedRule checked(SavedRule rule) {
        RuleHash hash = rule.hash();
        if (hash == null) {
            return rule;
        }
        String before = renderings.putIfAbsent(hash, rule.text());
        return before == null || before.equals(rule.text()) ? rule : rule.tamperedWith();
    }

    private void forgetRenderings() {
        Set<RuleHash> wanted = new HashSet<>();
        desired.values().forEach(rules -> rules.forEach(rule -> wanted.add(rule.hash())));
        shared.values().forEach(chain -> chain.wanted().forEach(rule -> wanted.add(rule.hash())));
        renderings.keySet().retainAll(wanted);
    }

    /**
     * Writes what is to be changed, if anything.
     *
     * @param anew whether chains are written whole instead of edited, for a kernel or a program
     *     that did not take the edits
     */
    void write(RestoreScript script, boolean anew) {
        script.table(name);
        Set<String> fresh = new LinkedHashSet<>(dirty);
        fresh.removeIf(chain -> !anew && known.containsKey(chain));
        fresh.forEach(script::newChain);
        for (String chain : dirty) {
            List<RenderedRule> rules = desired.getOrDefault(chain, List.of());
            if (fresh.contains(chain)) {
                rules.forEach(rule -> script.append(chain, rule.line()));
            } else {
                ChainEdits.write(script, chain, known.getOrDefault(chain, List.of()), rules);
            }
        }
        dirtyShared.forEach(chain -> shared(chain).write(script));
        strays.stream().filter(chain -> !isEmpty(chain)).forEach(script::flush);
        strays.stream().filter(chain -> !held.contains(chain)).forEach(script::deleteChain);
        script.commit();
    }

    private boolean isEmpty(String chain) {
        return known.getOrDefault(chain, List.of()).isEmpty();
    }

    /**
     * What was written is in the kernel now.
     *
     * @return whether the table should be read again, because numbers of rules in chains that
     *     others edit may have been out of date
     */
    boolean written() {
        for (String chain : dirty) {
            List<RenderedRule> rules = desired.getOrDefault(chain, List.of());
            known.put(chain, RenderedRule.hashes(rules));
            rules.forEach(rule -> renderings.remove(rule.hash()));
        }
        boolean readAgain = false;
        for (String chain : dirtyShared) {
            shared(chain).wanted().forEach(rule -> renderings.remove(rule.hash()));
            readAgain |= shared(chain).written();
        }
        strays.forEach(known::remove);
        dirty.clear();
        dirtyShared.clear();
        strays.clear();
        return readAgain;
    }

    /** Sentences about what cannot be as it should. */
    List<String> warnings() {
        return held.stream()
                .filter(chain -> !desired.containsKey(chain))
                .map(
                        chain ->
                                ("chain %s of table %s is no longer used, but stays, empty, because"
                                                + " a rule of somebody else leads to it: delete"
                                                + " that rule")
                                        .formatted(chain, name.text()))
                .toList();
    }
}
