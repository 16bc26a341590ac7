package dev.culvert.iptables;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** The complaints are those of iptables 1.8.9 and ipset 7.17. */
final class RefusalTest {
    private static final String SCRIPT =
            """
            *nat
            :CULVERT-MASQ - [0:0]
            -A CULVERT-MASQ -j NOSUCH
            -A CULVERT-MASQ -s 10.0.0.999 -j ACCEPT
            COMMIT
            """;

    private static IptablesException refusal(String error) {
        return Refusal.of("iptables-nft-restore", SCRIPT, new IptablesCommand.Result(2, "", error));
    }

    @Test
    void namesTheLineOfWordsThatAreNotUnderstood() {
        IptablesException refusal =
                refusal(
                        "iptables-nft-restore v1.8.9 (nf_tables): host/network `10.0.0.999' not"
                                + " found\n"
                                + "Error occurred at line: 4\n"
                                + "Try `iptables-nft-restore -h' for more information.\n");
        assertThat(refusal.lineNumber()).isEqualTo(4);
        assertThat(refusal.line()).isEqualTo("-A CULVERT-MASQ -s 10.0.0.999 -j ACCEPT");
        assertThat(refusal)
                .hasMessageContaining("line 4, '-A CULVERT-MASQ -s 10.0.0.999 -j ACCEPT'")
                .hasMessageContaining("not found")
                .hasMessageNotContaining("Try");
    }

    @Test
    void namesTheRuleThatTheKernelRefused() {
        IptablesException refusal =
                refusal(
                        "iptables-nft-restore v1.8.9 (nf_tables): \n"
                                + "line 3: RULE_APPEND failed (Invalid argument): rule in chain"
                                + " CULVERT-MASQ\n");
        assertThat(refusal.lineNumber()).isEqualTo(3);
        assertThat(refusal("iptables-restore: line 3 failed\n").lineNumber()).isEqualTo(3);
    }

    @Test
    void namesTheRuleThatLeadsToAMissingChainAlthoughTheEndOfTheTableIsBlamed() {
        IptablesException refusal =
                refusal(
                        """
                        iptables-nft-restore v1.8.9 (nf_tables): Chain 'NOSUCH' does not exist
                        Error occurred at line: 5
                        """);
        assertThat(refusal.lineNumber()).isEqualTo(3);
    }

    @Test
    void saysWhereToLookWhenTheKernelRefusedATableAsAWhole() {
        assertThat(refusal("iptables-restore: line 5 failed\n"))
                .hasMessageContaining("dmesg")
                .hasMessageContaining("'COMMIT'");
    }

    @Test
    void namesTheLineThatIpsetRefused() {
        assertThat(refusal("ipset v7.17: Error in line 2: Set cannot be created").line())
                .isEqualTo(":CULVERT-MASQ - [0:0]");
    }

    @Test
    void saysSoWhenTheProgramSaysNothing() {
        IptablesException refusal = refusal("");
        assertThat(refusal.lineNumber()).isZero();
        assertThat(refusal.line()).isEmpty();
        assertThat(refusal).hasMessageContaining("status 2");
    }
}
