package dev.culvert.iptables;

import dev.culvert.net.IpFamily;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * All rules and sets of Culvert on this node. One thread, the sync thread, uses it, {@link #table}
 * and {@link #sets}; {@link #stats} and {@link #mode} any thread.
 *
 * <p>Say what should be ({@link Table#setChain}, {@link Table#setRules}, {@link IpSets#setIpSet}),
 * then {@link #apply}. The first one reads the kernel, adopts what is right, writes what differs
 * and removes what is ours and not wanted. Later ones write what was said since and nothing else,
 * until {@link #queueResync} makes them compare everything again.
 *
 * <p>Order: sets and their members, then rules, then the end of sets; so no rule ever asks for a
 * set that is not there. Within a table all changes come into force at one moment. A table that
 * cannot be written does not hold up the other address family.
 *
 * <p>Which of iptables' variants is used follows from where Kubernetes' own rules are; see {@link
 * ModeChoice}. What a former choice left behind goes as soon as the rules are in their new place.
 */
public final class PacketFilter {
    /** Others may write at the same time; so often it is worth looking again. */
    private static final int ROUNDS = 5;

    /** After a failure everything is read again, after another one chains are written anew. */
    private static final int MAX_FAILURES = 3;

    private final Programs programs;
    private final Map<IpFamily, FamilyRules> families = new EnumMap<>(IpFamily.class);
    private final IpSets sets = new IpSets();
    private volatile @Nullable ModeChoice choice;

    /** What may have changed behind our back and has to be read before it is written. */
    private final Set<IpFamily> stale = EnumSet.noneOf(IpFamily.class);

    private boolean staleSets = true;
    private boolean setsWereRead;
    private boolean reconsider = true;
    private boolean sweep;
    private boolean foundOurs;
    private @Nullable Thread owner;

    /**
     * Touches nothing yet.
     *
     * @param command runs the programs
     * @param families those in which there are rules
     */
    public PacketFilter(IptablesCommand command, Set<IpFamily> families) {
        this.programs = new Programs(command);
        families.forEach(family -> this.families.put(family, new FamilyRules(family)));
        this.stale.addAll(families);
    }

    /**
     * What should be in a table.
     *
     * @throws IllegalArgumentException if the family was not asked for
     */
    public Table table(IpFamily family, TableName name) {
        return Optional.ofNullable(families.get(family))
                .orElseThrow(() -> new IllegalArgumentException("there are no rules for " + family))
                .table(name);
    }

    /** What sets there should be. */
    public IpSets sets() {
        return sets;
    }

    /** Which variant is used and why, or null before the first {@link #apply}. */
    public @Nullable ModeChoice mode() {
        return choice;
    }

    /**
     * Whether there were rules of Culvert when the variants were last looked at. Changes nothing;
     * before the first {@link #apply} it looks at the kernel, which that need not do again then.
     *
     * @throws IptablesException if no variant works
     */
    public boolean foundOurs() throws IOException {
        checkThread();
        choose();
        return foundOurs;
    }

    /** What was done so far. */
    public FilterStats stats() {
        return programs.stats();
    }

    /**
     * How many packets the rules of our chains have met, in all rules of a chain together. Reads
     * the kernel; rules that are made again begin at 0.
     *
     * @throws IptablesException with a sentence for people
     */
    public Map<String, Long> packets(IpFamily family, TableName table) throws IOException {
        checkThread();
        ModeChoice known = choice;
        return known == null
                ? Map.of()
                : PacketCounts.parse(programs.saveCounted(known.mode(), family, table));
    }

    /** Forget what was read: the next {@link #apply} compares everything with the kernel. */
    public void queueResync() {
        stale.addAll(families.keySet());
        staleSets = true;
        reconsider = true;
    }

    /**
     * Nothing of Culvert should be here any more: the next {@link #apply} removes all rules, chains
     * and sets, in both variants of iptables.
     */
    public void removeAll() {
        families.values().forEach(FamilyRules::removeAll);
        sets.removeAll();
        choice = null;
        queueResync();
    }

    /**
     * Nothing of Culvert should be in this family any more, while the others stay as they are: the
     * next {@link #apply} removes its rules, chains and sets.
     */
    public void remove(IpFamily family) {
        FamilyRules rules = families.get(family);
        if (rules != null) {
            rules.removeAll();
        }
        sets.removeAll(family);
    }

    /**
     * Makes the kernel as it should be.
     *
     * @return what was done
     * @throws IptablesException with a sentence for people; what failed stays dirty, so that the
     *     next call tries again
     * @throws IllegalStateException if another thread called this before
     */
    public Applied apply() throws IOException {
        checkThread();
        long linesBefore = programs.stats().lines();
        List<String> repaired = new ArrayList<>();
        int failures = 0;
        int rounds = 0;
        @Nullable IptablesException failure;
        do {
            failure = attempt(repaired, failures == MAX_FAILURES - 1);
            failures += failure == null ? 0 : 1;
            if (failure != null && failure.isLocked()) {
                break;
            }
        } while (failures < MAX_FAILURES && (failure != null || isStale()) && ++rounds < ROUNDS);
        programs.countRepairs(repaired.size());
        if (failure != null) {
            throw failure;
        }
        int lines = (int) (programs.stats().lines() - linesBefore);
        return new Applied(lines, repaired, warnings());
    }

    private boolean isStale() {
        return staleSets || !stale.isEmpty();
    }

    /** One round; what failed is stale afterwards. */
    private @Nullable IptablesException attempt(List<String> repaired, boolean anew)
            throws IOException {
        IptablesMode mode = choose().mode();
        readSets(repaired);
        @Nullable IptablesException first = null;
        for (FamilyRules family : families.values()) {
            try {
                read(mode, family, repaired);
                writeSets(family.family());
                write(mode, family, anew);
            } catch (IptablesException e) {
                stale.add(family.family());
                staleSets = true;
                first = first == null ? e : first;
            }
        }
        return first == null ? finish(mode) : first;
    }

    private ModeChoice choose() throws IOException {
        ModeChoice before = choice;
        boolean keep = before != null && (before.certain() || !reconsider);
        reconsider = false;
        if (before != null && keep) {
            return before;
        }
        IpFamily family = families.keySet().stream().findFirst().orElse(IpFamily.IPV4);
        ModeSearch search = new ModeSearch(programs, family);
        ModeChoice next = search.run();
        foundOurs = search.foundOurs();
        choice = next;
        sweep = true;
        if (before == null || before.mode() != next.mode()) {
            families.values().forEach(FamilyRules::forget);
            stale.addAll(families.keySet());
        }
        return next;
    }

    private void readSets(List<String> repaired) throws IOException {
        if (!staleSets) {
            return;
        }
        boolean first = !setsWereRead;
        Map<String, SavedSet> saved = saveSets();
        List<String> drifted = sets.read(saved);
        if (!first) {
            repaired.addAll(drifted);
        }
        setsWereRead = true;
        staleSets = false;
    }

    /** Where there is no ipset, there are no sets, which is right as long as none is wanted. */
    private Map<String, SavedSet> saveSets() throws IOException {
        try {
            return programs.saveSets();
        } catch (IptablesException e) {
            if (sets.isWanted()) {
                throw e;
            }
            return Map.of();
        }
    }

    private void read(IptablesMode mode, FamilyRules family, List<String> repaired)
            throws IOException {
        if (stale.contains(family.family()) || family.mustRead()) {
            repaired.addAll(family.read(programs.save(mode, family.family())));
            stale.remove(family.family());
        }
    }

    private void writeSets(IpFamily family) throws IOException {
        SetScript script = new SetScript();
        sets.write(script, family);
        if (!script.isEmpty()) {
            programs.restoreSets(script);
        }
        sets.written(family);
    }

    private void write(IptablesMode mode, FamilyRules family, boolean anew) throws IOException {
        RestoreScript script = family.script(anew);
        if (!script.isEmpty()) {
            programs.restore(mode, family.family(), script);
        }
        if (family.written()) {
            stale.add(family.family());
        }
    }

    /** What has to wait until all rules are as they should be. */
    private @Nullable IptablesException finish(IptablesMode mode) throws IOException {
        try {
            if (sweep) {
                sweep(mode.other());
                sweep = false;
            }
            SetScript script = new SetScript();
            sets.writeRemovals(script);
            if (!script.isEmpty()) {
                programs.restoreSets(script);
            }
            sets.removed();
            return null;
        } catch (IptablesException e) {
            staleSets = true;
            return e;
        }
    }

    private void sweep(IptablesMode unused) throws IOException {
        for (IpFamily family : families.keySet()) {
            Optional<SavedRules> saved = ModeSearch.tryToSave(programs, unused, family);
            if (saved.isPresent() && saved.get().hasOurs()) {
                FamilyRules.sweep(programs, unused, family, saved.get());
            }
        }
    }

    private List<String> warnings() {
        return families.values().stream().flatMap(each -> each.warnings().stream()).toList();
    }

    private void checkThread() {
        Thread current = Thread.currentThread();
        if (owner == null) {
            owner = current;
        } else if (owner != current) {
            throw new IllegalStateException(
                    "rules are written by thread '%s' only, not by '%s'"
                            .formatted(owner.getName(), current.getName()));
        }
    }
}
