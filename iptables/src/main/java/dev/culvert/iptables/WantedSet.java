package dev.culvert.iptables;

import dev.culvert.net.IpFamily;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What should be in one set, what is known to be in it, and which members may differ. The sync
 * thread's only.
 */
final class WantedSet {
    /** So many members are never a reason to build the set anew. */
    private static final int FEW = 256;

    /** {@code maxelem}: costs no memory before there are members. */
    private static final long ROOM = 1 << 20;

    private final String name;
    private final IpSet.Type type;
    private final IpFamily family;
    private final Map<SetMember.Key, SetMember> wanted = new HashMap<>();
    private final Set<SetMember.Key> dirty = new LinkedHashSet<>();
    private @Nullable SavedSet known;

    WantedSet(String name, IpSet.Type type, IpFamily family) {
        this.name = name;
        this.type = type;
        this.family = family;
    }

    boolean isLike(IpSet set) {
        return type == set.type() && family == set.family();
    }

    IpFamily family() {
        return family;
    }

    /** What the kernel holds, as far as is known; null if nothing. */
    @Nullable SavedSet known() {
        return known;
    }

    /** Exactly these members. */
    void set(Set<SetMember> members) {
        Map<SetMember.Key, SetMember> next = new HashMap<>();
        members.forEach(member -> next.put(member.key(), member));
        wanted.keySet().stream().filter(key -> !next.containsKey(key)).forEach(dirty::add);
        wanted.keySet().retainAll(next.keySet());
        next.values().forEach(this::put);
    }

    void add(SetMember member) {
        IpSet.check(name, type, family, member);
        (type == IpSet.Type.NET ? member.halves() : List.of(member)).forEach(this::put);
    }

    private void put(SetMember member) {
        if (!member.equals(wanted.put(member.key(), member))) {
            dirty.add(member.key());
        }
    }

    void remove(SetMember member) {
        for (SetMember half : type == IpSet.Type.NET ? member.halves() : List.of(member)) {
            if (wanted.remove(half.key()) != null) {
                dirty.add(half.key());
            }
        }
    }

    boolean isDirty() {
        return known == null || !dirty.isEmpty() || !known.unknown().isEmpty();
    }

    /**
     * Takes what the kernel holds, null if there is no such set.
     *
     * @return whether that is not what it was left with
     */
    boolean read(@Nullable SavedSet saved) {
        boolean pending = isDirty();
        known = saved;
        dirty.clear();
        if (saved != null) {
            wanted.forEach(
                    (key, member) -> {
                        if (!member.equals(saved.members().get(key))) {
                            dirty.add(key);
                        }
                    });
            saved.members().keySet().stream()
                    .filter(key -> !wanted.containsKey(key))
                    .forEach(dirty::add);
        }
        return !pending && isDirty();
    }

    /** Writes the lines that make it as it should be, but for the removal of single members. */
    void write(SetScript script) {
        SavedSet saved = known;
        if (saved == null) {
            create(script, name);
        } else if (!isUsable(saved)) {
            // A set of another kind cannot take this one's place while rules use it.
            script.destroy(name);
            create(script, name);
        } else if (isLargeChange(saved)) {
            replace(script);
        } else {
            addMembers(script, saved);
        }
    }

    /**
     * Writes the removal of single members. That waits for the additions to all sets, so that a
     * member that moves from one set to another is never in none.
     */
    void writeRemovals(SetScript script) {
        SavedSet saved = known;
        if (saved != null && isUsable(saved) && !isLargeChange(saved)) {
            removeMembers(script, saved);
        }
    }

    private boolean isUsable(SavedSet saved) {
        return saved.type().equals(type.text()) && saved.family().equals(familyText());
    }

    private boolean isLargeChange(SavedSet saved) {
        return wanted.size() > saved.maxElements()
                || (dirty.size() > FEW && dirty.size() > wanted.size() / 2);
    }

    private long room() {
        return Math.max(ROOM, Long.highestOneBit(wanted.size()) << 2);
    }

    private void create(SetScript script, String as) {
        script.create(as, type.text(), familyText(), room());
        wanted.values().forEach(member -> script.add(as, member.text()));
    }

    /** All at once: packets see the old members or the new ones. */
    private void replace(SetScript script) {
        create(script, SetScript.SPARE);
        script.swap(SetScript.SPARE, name);
        script.destroy(SetScript.SPARE);
    }

    private void addMembers(SetScript script, SavedSet saved) {
        for (SetMember.Key key : dirty) {
            SetMember member = wanted.get(key);
            if (member != null && !member.equals(saved.members().get(key))) {
                script.add(name, member.text());
            }
        }
    }

    private void removeMembers(SetScript script, SavedSet saved) {
        for (SetMember.Key key : dirty) {
            if (!wanted.containsKey(key) && saved.members().containsKey(key)) {
                script.delete(name, key.text());
            }
        }
        saved.unknown().forEach(text -> script.delete(name, text));
    }

    /** What was written is in the kernel now. */
    void written() {
        SavedSet saved = known;
        if (saved == null || !isUsable(saved) || isLargeChange(saved)) {
            Map<SetMember.Key, SetMember> members = new HashMap<>(wanted);
            known = new SavedSet(type.text(), familyText(), room(), members, new ArrayList<>());
        } else {
            accept(saved);
        }
        dirty.clear();
    }

    private void accept(SavedSet saved) {
        for (SetMember.Key key : dirty) {
            SetMember member = wanted.get(key);
            if (member == null) {
                saved.members().remove(key);
            } else {
                saved.members().put(key, member);
            }
        }
        saved.unknown().clear();
    }

    private String familyText() {
        return family == IpFamily.IPV4 ? "inet" : "inet6";
    }
}
