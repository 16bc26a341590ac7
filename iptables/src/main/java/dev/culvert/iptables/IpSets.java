package dev.culvert.iptables;

import dev.culvert.net.IpFamily;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * What sets there should be, and what is known to be there. The sync thread's only.
 *
 * <p>As with {@link Table}, {@link #setIpSet}, {@link #add} and {@link #remove} only note it;
 * {@link PacketFilter#apply} writes the members that differ, before the rules that may ask for
 * them, and destroys sets that are no longer wanted after the rules.
 */
public final class IpSets {
    private final Map<String, WantedSet> sets = new LinkedHashMap<>();

    /** Sets of ours in the kernel that should not be there. */
    private final Map<String, SavedSet> strays = new TreeMap<>();

    IpSets() {}

    /**
     * This set should exist with these members, whatever was said of it before.
     *
     * @throws IllegalArgumentException if it is known with another type or family
     */
    public void setIpSet(IpSet set) {
        if (set.name().equals(SetScript.SPARE)) {
            throw new IllegalArgumentException(set.name() + " is for the driver's own use");
        }
        WantedSet wanted = sets.computeIfAbsent(set.name(), _ -> begin(set));
        if (!wanted.isLike(set)) {
            throw new IllegalArgumentException(
                    "set %s cannot change its type or family: give the new one another name"
                            .formatted(set.name()));
        }
        wanted.set(set.members());
    }

    private WantedSet begin(IpSet set) {
        WantedSet wanted = new WantedSet(set.name(), set.type(), set.family());
        wanted.read(strays.remove(set.name()));
        return wanted;
    }

    /**
     * This set should not exist. Rules that ask for it have to go as well, at the latest in the
     * same {@link PacketFilter#apply}.
     */
    public void removeIpSet(String name) {
        WantedSet set = sets.remove(Names.checkOurSet(name));
        SavedSet known = set == null ? null : set.known();
        if (known != null) {
            strays.put(name, known);
        }
    }

    /** One member more; costs no more than that, however large the set is. */
    public void add(String set, SetMember member) {
        require(set).add(member);
    }

    /** One member less; costs no more than that, however large the set is. */
    public void remove(String set, SetMember member) {
        require(set).remove(member);
    }

    private WantedSet require(String name) {
        WantedSet set = sets.get(name);
        if (set == null) {
            throw new IllegalArgumentException("there is no set '" + name + "': set it first");
        }
        return set;
    }

    /** The names of the sets that should exist. */
    public Set<String> names() {
        return Set.copyOf(sets.keySet());
    }

    void removeAll() {
        names().forEach(this::removeIpSet);
    }

    void removeAll(IpFamily family) {
        names().stream()
                .filter(name -> require(name).family() == family)
                .forEach(this::removeIpSet);
    }

    boolean isWanted() {
        return !sets.isEmpty();
    }

    /**
     * Takes what the kernel holds.
     *
     * @return a sentence for each set that was not as it was left
     */
    List<String> read(Map<String, SavedSet> saved) {
        List<String> drifted = new ArrayList<>();
        sets.forEach(
                (name, set) -> {
                    if (set.read(saved.get(name))) {
                        drifted.add("set " + name);
                    }
                });
        Map<String, SavedSet> unwanted = new TreeMap<>(saved);
        unwanted.keySet().removeAll(sets.keySet());
        unwanted.keySet().stream()
                .filter(name -> !strays.containsKey(name))
                .forEach(name -> drifted.add("set " + name));
        strays.clear();
        strays.putAll(unwanted);
        return drifted;
    }

    /** Writes sets and members that are missing, then members that are too many. */
    void write(SetScript script, IpFamily family) {
        if (strays.remove(SetScript.SPARE) != null) {
            script.destroy(SetScript.SPARE);
        }
        Map<String, WantedSet> dirty = dirty(family);
        dirty.values().forEach(set -> set.write(script));
        dirty.values().forEach(set -> set.writeRemovals(script));
    }

    void written(IpFamily family) {
        dirty(family).values().forEach(WantedSet::written);
    }

    private Map<String, WantedSet> dirty(IpFamily family) {
        Map<String, WantedSet> dirty = new HashMap<>();
        sets.forEach(
                (name, set) -> {
                    if (set.family() == family && set.isDirty()) {
                        dirty.put(name, set);
                    }
                });
        return dirty;
    }

    /** Writes the end of the sets that are too many. */
    void writeRemovals(SetScript script) {
        strays.keySet().forEach(script::destroy);
    }

    void removed() {
        strays.clear();
    }
}
