package dev.culvert.agent.policy;

import dev.culvert.iptables.Chain;
import dev.culvert.iptables.IpSet;
import dev.culvert.iptables.IpSets;
import dev.culvert.iptables.PacketFilter;
import dev.culvert.iptables.Place;
import dev.culvert.iptables.Rule;
import dev.culvert.iptables.SetMember;
import dev.culvert.iptables.Table;
import dev.culvert.iptables.TableName;
import dev.culvert.net.IpFamily;
import java.net.InetAddress;
import java.util.Collection;
import java.util.Collections;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Tells the packet filter what the policies come to: chains {@code CULVERT-POLICY}, {@code -TO},
 * {@code -FROM}, {@code -IN-*} and {@code -OUT-*} of table filter, which drop packets or let them
 * go on, and the sets that these ask for. The sync thread's only.
 *
 * <p>Each {@link #render} tells what changed since the last one. Members alone are told one by one,
 * and the driver adds before it removes. When rules change at the same time, changed sets get their
 * other name, so that all comes into force with the table, at one moment.
 */
public final class PolicyRules {
    /** So many members are better written as a new set, which takes the old one's place at once. */
    private static final int MANY = 256;

    private final PolicyState state;
    private final Set<IpFamily> families;
    private final Map<SetKey, LiveSet> sets = new HashMap<>();
    private final Assignments assignments;

    /** The chains as the driver knows them. */
    private final Map<IpFamily, Map<String, Chain>> told = new EnumMap<>(IpFamily.class);

    private final Map<Group, Map<IpFamily, Chain>> cache = new HashMap<>();
    private @Nullable PacketFilter filter;

    /**
     * Does nothing yet.
     *
     * @param families those that the packet filters have
     */
    public PolicyRules(PolicyState state, Set<IpFamily> families) {
        this.state = state;
        this.families = Set.copyOf(families);
        this.assignments = new Assignments(state);
    }

    /**
     * Tells {@code packetFilter} what should be; it is in force after its next {@link
     * PacketFilter#apply}.
     */
    public void render(PacketFilter packetFilter) {
        if (packetFilter != filter) {
            filter = packetFilter;
            told.clear();
            sets.values().forEach(LiveSet::forget);
        }
        Changes changes = state.takeChanges();
        boolean rulesMayChange = assignments.update(changes) || told.isEmpty();
        update(changes);
        if (rulesMayChange) {
            keepNeeded(packetFilter.sets());
        }
        Map<IpFamily, Map<String, Chain>> chains = rulesMayChange ? chains() : told;
        if (mustComeAtOnce(!chains.equals(told))) {
            flip(packetFilter.sets());
            chains = chains();
        }
        sets.values().forEach(set -> set.write(packetFilter.sets()));
        if (!chains.equals(told)) {
            chains.forEach((family, wanted) -> tell(packetFilter, family, wanted));
        }
    }

    /** How many pods of this node some policy isolates. */
    public int isolatedPods() {
        return assignments.isolatedPods();
    }

    /** Chains that ask for sets with other names are other chains. */
    private void flip(IpSets driver) {
        Set<SetKey> flipped = new HashSet<>();
        for (LiveSet set : sets.values()) {
            if (set.isChanged()) {
                set.flip(driver);
                flipped.add(set.key());
            }
        }
        cache.keySet().removeIf(group -> !Collections.disjoint(assignments.sets(group), flipped));
    }

    private void update(Changes changes) {
        for (LiveSet set : sets.values()) {
            changes.namespaces().forEach(name -> set.updateNamespace(name, state));
            changes.pods().forEach(pod -> set.updatePod(pod, state));
        }
    }

    private void keepNeeded(IpSets driver) {
        Set<SetKey> needed = assignments.sets();
        sets.values().stream()
                .filter(set -> !needed.contains(set.key()))
                .forEach(set -> set.remove(driver));
        sets.keySet().retainAll(needed);
        needed.forEach(key -> sets.computeIfAbsent(key, _ -> new LiveSet(key, families, state)));
    }

    /**
     * Sets change member by member. That is enough if rules do not change too, nor both kinds of
     * sets that one rule asks for, nor what is known of both ends of a connection within the node,
     * and if it is not much.
     */
    private boolean mustComeAtOnce(boolean rulesChange) {
        boolean local = false;
        boolean other = false;
        int most = 0;
        Set<InetAddress> own = new HashSet<>();
        for (LiveSet set : sets.values()) {
            if (set.isChanged()) {
                local |= set.key().local();
                other |= !set.key().local();
                most = Math.max(most, set.changes());
                own.addAll(set.changedAddresses());
            }
        }
        own.retainAll(most > 0 ? state.localAddresses() : Set.of());
        return most > 0 && (rulesChange || (local && other) || own.size() > 1 || most > MANY);
    }

    private Map<IpFamily, Map<String, Chain>> chains() {
        cache.keySet().retainAll(assignments.groups());
        Map<IpFamily, Map<String, Chain>> chains = new EnumMap<>(IpFamily.class);
        families.forEach(family -> chains.put(family, chains(family)));
        return chains;
    }

    /** In a family in which no pod has an address there are none. */
    private Map<String, Chain> chains(IpFamily family) {
        Map<String, Chain> chains = new TreeMap<>();
        for (Direction direction : Direction.values()) {
            AddressTree.chains(direction, family, assignments.targets(direction, family))
                    .forEach(chain -> add(chains, chain));
        }
        if (!chains.isEmpty()) {
            assignments.groups().forEach(group -> add(chains, chain(group, family)));
            add(chains, EntryRules.chain(family, chains.keySet()));
        }
        return chains;
    }

    private Chain chain(Group group, IpFamily family) {
        return cache.computeIfAbsent(group, _ -> new EnumMap<>(IpFamily.class))
                .computeIfAbsent(family, _ -> GroupRules.chain(group, family, this::setName));
    }

    private static void add(Map<String, Chain> chains, Chain chain) {
        chains.put(chain.name(), chain);
    }

    private String setName(SetKey key, IpFamily family) {
        LiveSet set = sets.get(key);
        if (set == null) {
            throw new IllegalStateException("there is no set for " + key);
        }
        return set.name(family);
    }

    private void tell(PacketFilter packetFilter, IpFamily family, Map<String, Chain> wanted) {
        Table table = packetFilter.table(family, TableName.FILTER);
        Map<String, Chain> before = told.getOrDefault(family, Map.of());
        for (Chain chain : wanted.values()) {
            if (!chain.equals(before.get(chain.name()))) {
                table.setChain(chain);
            }
        }
        Collection<String> gone = new HashSet<>(before.keySet());
        gone.removeAll(wanted.keySet());
        gone.forEach(table::removeChain);
        table.setRules(
                "FORWARD",
                Place.FIRST,
                wanted.isEmpty() ? List.of() : List.of(Rule.matching().jump(EntryRules.CHAIN)));
        for (Direction direction : Direction.values()) {
            tellIsolated(packetFilter.sets(), direction, family, wanted.keySet());
        }
        told.put(family, wanted);
    }

    private void tellIsolated(
            IpSets driver, Direction direction, IpFamily family, Set<String> chains) {
        String name = EntryRules.isolatedSet(direction, family);
        if (!chains.contains(AddressTree.rootName(direction))) {
            driver.removeIpSet(name);
            return;
        }
        Set<SetMember> members =
                assignments.targets(direction, family).keySet().stream()
                        .map(SetMember::of)
                        .collect(Collectors.toSet());
        driver.setIpSet(new IpSet(name, IpSet.Type.IP, family, members));
    }
}
