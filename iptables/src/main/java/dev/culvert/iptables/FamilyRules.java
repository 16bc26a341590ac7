package dev.culvert.iptables;

import dev.culvert.net.IpFamily;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The tables of one address family in one variant of iptables. The sync thread's only. */
final class FamilyRules {
    private final IpFamily family;
    private final Map<TableName, Table> tables = new EnumMap<>(TableName.class);
    private boolean wasRead;

    FamilyRules(IpFamily family) {
        this.family = family;
        for (TableName name : TableName.values()) {
            tables.put(name, new Table(name));
        }
    }

    IpFamily family() {
        return family;
    }

    Table table(TableName name) {
        return Optional.ofNullable(tables.get(name)).orElseThrow();
    }

    void removeAll() {
        tables.values().forEach(Table::removeAll);
    }

    /** What was read does not hold any more. */
    void forget() {
        wasRead = false;
    }

    /**
     * Takes what the kernel holds.
     *
     * @return what was not as it was left
     * @throws IptablesException if a table is wanted that the programs cannot show
     */
    List<String> read(SavedRules saved) throws IptablesException {
        List<String> drifted = new ArrayList<>();
        for (Table table : tables.values()) {
            if (table.isWanted() && saved.unreadable().contains(table.name().text())) {
                throw new IptablesException(
                        ("table %s of %s holds rules that only nft can show, so iptables cannot"
                                        + " work on it: delete them ('nft list ruleset' shows"
                                        + " them) or put them into a table of another name")
                                .formatted(table.name().text(), family));
            }
            drifted.addAll(table.read(saved.table(table.name())));
        }
        boolean first = !wasRead;
        wasRead = true;
        return first ? List.of() : drifted;
    }

    /** Whether to read the kernel before the next change, see {@link Table#mustRead}. */
    boolean mustRead() {
        return tables.values().stream().anyMatch(Table::mustRead);
    }

    /** What is to be changed, if anything. */
    RestoreScript script(boolean anew) {
        RestoreScript script = new RestoreScript();
        tables.values().stream().filter(Table::isDirty).forEach(table -> table.write(script, anew));
        return script;
    }

    /** Returns whether to read again, see {@link Table#written}. */
    boolean written() {
        boolean readAgain = false;
        for (Table table : tables.values()) {
            readAgain |= table.written();
        }
        return readAgain;
    }

    List<String> warnings() {
        return tables.values().stream().flatMap(table -> table.warnings().stream()).toList();
    }

    /** Removes whatever of ours is in {@code saved}, in the variant it was read from. */
    static void sweep(Programs programs, IptablesMode mode, IpFamily family, SavedRules saved)
            throws IOException {
        FamilyRules nothing = new FamilyRules(family);
        nothing.read(saved);
        RestoreScript script = nothing.script(false);
        if (!script.isEmpty()) {
            programs.restore(mode, family, script);
        }
    }
}
