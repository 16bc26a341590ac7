package dev.culvert.iptables;

import java.util.List;

/**
 * Where in a chain that belongs to all our rules stand among the others'. Immutable, any thread.
 *
 * @param kind how the place is found
 * @param chains for {@link Kind#AFTER}: the targets of the others' rules to stand behind
 */
public record Place(Kind kind, List<String> chains) {

    /** How a place is found. */
    public enum Kind {
        /** Before all others. */
        FIRST,
        /** Behind the last rule that leads to one of some chains. */
        AFTER,
        /** Behind all others. */
        LAST
    }

    /** Before all rules of others. */
    public static final Place FIRST = new Place(Kind.FIRST, List.of());

    /** Behind all rules of others. */
    public static final Place LAST = new Place(Kind.LAST, List.of());

    /** Copies the list. */
    public Place {
        chains = List.copyOf(chains);
    }

    /**
     * Right behind the last rule that leads to one of these chains. While there is none: before
     * all, since those who come later put themselves before us.
     */
    public static Place after(String... chains) {
        return new Place(Kind.AFTER, List.of(chains));
    }

    /** How many of these rules of others stand before ours. */
    int gap(List<SavedRule> others) {
        return switch (kind) {
            case FIRST -> 0;
            case LAST -> others.size();
            case AFTER -> behindLast(others);
        };
    }

    private int behindLast(List<SavedRule> others) {
        for (int i = others.size(); i > 0; i--) {
            if (chains.contains(others.get(i - 1).target())) {
                return i;
            }
        }
        return 0;
    }
}
