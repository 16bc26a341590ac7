package dev.culvert.agent.config;

import dev.culvert.net.Cidr;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The settings about packet-filter rules, checked. Immutable, any thread. Components are the {@link
 * Settings} of the same name.
 */
public record RulesConfig(
        boolean masquerade, List<Cidr> nonMasqueradeCidrs, boolean masqueradeRandomFully) {

    /** Copies the list. */
    public RulesConfig {
        nonMasqueradeCidrs = List.copyOf(nonMasqueradeCidrs);
    }

    /** Name and value of each, for the log. */
    Map<String, String> printable() {
        Map<String, String> printable = new LinkedHashMap<>();
        printable.put("masquerade", Boolean.toString(masquerade));
        printable.put("nonMasqueradeCIDRs", nonMasqueradeCidrs.toString());
        printable.put("masqueradeRandomFully", Boolean.toString(masqueradeRandomFully));
        return printable;
    }
}
