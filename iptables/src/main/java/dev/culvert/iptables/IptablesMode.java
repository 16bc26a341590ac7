package dev.culvert.iptables;

import dev.culvert.net.IpFamily;

/**
 * The two variants of iptables, which keep their rules in different parts of the kernel: rules of
 * one are invisible to the programs of the other, yet both act on packets. Any thread.
 *
 * @see <a href="https://man7.org/linux/man-pages/man8/xtables-nft.8.html">xtables-nft(8)</a>
 */
public enum IptablesMode {
    /** Rules in nf_tables. */
    NFT("nft"),
    /** Rules in x_tables, guarded by the lock {@code /run/xtables.lock}. */
    LEGACY("legacy");

    private final String label;

    IptablesMode(String label) {
        this.label = label;
    }

    /** The name in the programs' names: {@code nft} or {@code legacy}. */
    public String label() {
        return label;
    }

    /** The other one. */
    public IptablesMode other() {
        return this == NFT ? LEGACY : NFT;
    }

    /** The program that prints rules, such as {@code ip6tables-nft-save}. */
    String saveProgram(IpFamily family) {
        return program(family) + "-save";
    }

    /** The program that changes rules, such as {@code iptables-legacy-restore}. */
    String restoreProgram(IpFamily family) {
        return program(family) + "-restore";
    }

    private String program(IpFamily family) {
        return (family == IpFamily.IPV4 ? "iptables-" : "ip6tables-") + label;
    }
}
