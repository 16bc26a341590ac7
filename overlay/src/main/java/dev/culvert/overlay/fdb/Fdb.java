package dev.culvert.overlay.fdb;

import java.util.Collection;
import java.util.List;

/**
 * The forwarding database: inner destination to VTEP, longest prefix first. Immutable, any thread;
 * a change is a new database.
 */
public final class Fdb {
    /** Knows nobody. */
    public static final Fdb EMPTY = of(List.of());

    private final List<FdbEntry> entries;

    private Fdb(List<FdbEntry> entries) {
        this.entries = entries;
    }

    /**
     * A database of these entries; of two with the same prefix the later one counts. {@link
     * #entries} keeps the order.
     */
    public static Fdb of(Collection<FdbEntry> entries) {
        return new Fdb(List.copyOf(entries));
    }

    /** How many entries there are. */
    public int size() {
        return entries.size();
    }

    /** The entries as given. */
    public List<FdbEntry> entries() {
        return entries;
    }
}
