package dev.culvert.iptables;

import dev.culvert.net.IpFamily;
import java.io.IOException;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;

/** Looks at both variants of iptables and chooses one. The sync thread's only. */
final class ModeSearch {
    private final Programs programs;
    private final IpFamily family;
    private boolean foundOurs;

    ModeSearch(Programs programs, IpFamily family) {
        this.programs = programs;
        this.family = family;
    }

    /**
     * Chooses.
     *
     * @throws IptablesException if none works
     */
    ModeChoice run() throws IOException {
        Map<IptablesMode, SavedRules> seen = new EnumMap<>(IptablesMode.class);
        for (IptablesMode mode : IptablesMode.values()) {
            tryToSave(programs, mode, family).ifPresent(rules -> seen.put(mode, rules));
        }
        foundOurs = seen.values().stream().anyMatch(SavedRules::hasOurs);
        while (true) {
            ModeChoice choice = ModeChoice.among(seen);
            // To print nothing is no proof: the kernel may lack that variant altogether.
            if (choice.certain() || works(choice.mode())) {
                return choice;
            }
            seen.remove(choice.mode());
        }
    }

    /** Whether {@link #run} saw rules of Culvert, in whichever variant. */
    boolean foundOurs() {
        return foundOurs;
    }

    private boolean works(IptablesMode mode) throws IOException {
        try {
            programs.probe(mode, family, TableName.FILTER);
            return true;
        } catch (IptablesException _) {
            return false;
        }
    }

    /** What a variant shows, empty if it cannot be run. */
    static Optional<SavedRules> tryToSave(Programs programs, IptablesMode mode, IpFamily family)
            throws IOException {
        try {
            return Optional.of(programs.save(mode, family));
        } catch (IptablesException _) {
            return Optional.empty();
        }
    }
}
