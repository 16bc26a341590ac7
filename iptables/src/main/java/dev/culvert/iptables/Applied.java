package dev.culvert.iptables;

import java.util.List;

/**
 * What one {@link PacketFilter#apply} did. Immutable, any thread.
 *
 * @param lines lines that were written, 0 if all was as it should be
 * @param repaired chains and sets that somebody else had changed, as "chain X of table nat"
 * @param warnings sentences about what cannot be as it should, for people
 */
public record Applied(int lines, List<String> repaired, List<String> warnings) {
    /** Copies the lists. */
    public Applied {
        repaired = List.copyOf(repaired);
        warnings = List.copyOf(warnings);
    }
}
