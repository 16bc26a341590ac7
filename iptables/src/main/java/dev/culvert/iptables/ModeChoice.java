package dev.culvert.iptables;

import java.util.EnumMap;
import java.util.Map;

/**
 * Which variant of iptables to use, and why. Immutable, any thread.
 *
 * @param mode the variant
 * @param certain whether kube-proxy's or kubelet's rules decided; otherwise they may still come,
 *     and the choice is made again with every resync
 * @param reason one clause for people
 */
public record ModeChoice(IptablesMode mode, boolean certain, String reason) {
    private static final String KUBE = "KUBE-";

    /** kubelet makes it in the variant that it was told to use, for others to find. */
    private static final String HINT = "KUBE-IPTABLES-HINT";

    /**
     * Where kubelet left its hint; else where more chains of kube-proxy live; else where ours
     * already are; else where any rules are; else nft.
     *
     * @param seen what each variant that can be run shows
     * @throws IptablesException if none can be run
     */
    static ModeChoice among(Map<IptablesMode, SavedRules> seen) throws IptablesException {
        if (seen.isEmpty()) {
            throw new IptablesException(
                    "neither iptables-nft nor iptables-legacy works here: install the package"
                            + " iptables, and see that the kernel has nf_tables or ip_tables");
        }
        Map<IptablesMode, SavedRules> rules = new EnumMap<>(seen);
        if (differs(counts(rules, HINT))) {
            return choose(counts(rules, HINT), true, "kubelet's chain " + HINT + " is there");
        }
        if (differs(counts(rules, KUBE))) {
            return choose(counts(rules, KUBE), true, "most chains named " + KUBE + "* are there");
        }
        if (differs(counts(rules, Names.PREFIX))) {
            return choose(counts(rules, Names.PREFIX), false, "Culvert's own chains are there");
        }
        Map<IptablesMode, Long> sizes = new EnumMap<>(IptablesMode.class);
        rules.forEach((mode, saved) -> sizes.put(mode, (long) saved.size()));
        if (differs(sizes)) {
            return choose(sizes, false, "most rules are there");
        }
        return choose(sizes, false, rules.size() == 1 ? "only it works here" : "nothing told");
    }

    private static Map<IptablesMode, Long> counts(
            Map<IptablesMode, SavedRules> rules, String prefix) {
        Map<IptablesMode, Long> counts = new EnumMap<>(IptablesMode.class);
        rules.forEach((mode, saved) -> counts.put(mode, saved.chains(prefix)));
        return counts;
    }

    /** Whether the numbers, of which a missing one is zero, tell a difference. */
    private static boolean differs(Map<IptablesMode, Long> counts) {
        return !counts.getOrDefault(IptablesMode.NFT, 0L)
                .equals(counts.getOrDefault(IptablesMode.LEGACY, 0L));
    }

    /** The one with the larger number, nft if they are equal. */
    private static ModeChoice choose(
            Map<IptablesMode, Long> counts, boolean certain, String reason) {
        long nft = counts.getOrDefault(IptablesMode.NFT, -1L);
        long legacy = counts.getOrDefault(IptablesMode.LEGACY, -1L);
        IptablesMode mode = nft >= legacy ? IptablesMode.NFT : IptablesMode.LEGACY;
        return new ModeChoice(mode, certain, reason);
    }

    @Override
    public String toString() {
        return "iptables-%s, because %s".formatted(mode.label(), reason);
    }
}
