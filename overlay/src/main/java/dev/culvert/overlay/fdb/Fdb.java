package dev.culvert.overlay.fdb;

import java.net.InetAddress;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The forwarding database: inner destination to VTEP, longest prefix first. Immutable, any thread;
 * a change is a new database.
 */
public final class Fdb {
    /** Knows nobody. */
    public static final Fdb EMPTY = of(List.of());

    private final List<FdbEntry> entries;
    private final PrefixTable<Vtep> table;

    private Fdb(List<FdbEntry> entries) {
        this.entries = entries;
        PrefixTable.Builder<Vtep> builder = new PrefixTable.Builder<>();
        entries.forEach(entry -> builder.put(entry.prefix(), entry.vtep()));
        this.table = builder.build();
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

    /** Who serves {@code destination}, or null. For control paths; packets use the table. */
    public @Nullable Vtep lookup(InetAddress destination) {
        return table.lookup(destination);
    }
}
