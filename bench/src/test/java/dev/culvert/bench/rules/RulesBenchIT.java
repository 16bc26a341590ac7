package dev.culvert.bench.rules;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.bench.report.ResultLine;
import dev.culvert.iptables.IptablesMode;
import dev.culvert.linux.testing.TestNamespaces;
import org.junit.jupiter.api.Test;

final class RulesBenchIT {
    @Test
    void comparesTheDriverWithTheSameByHand() throws Exception {
        TestNamespaces.assumePermitted().close();
        TestNamespaces.assumeInstalled("iptables-nft", "ipset");
        RulesBench bench = new RulesBench(new RuleLoad(100, 3), 2);
        bench.round(IptablesMode.NFT);
        assertThat(bench.timings().summary())
                .allMatch(line -> line.median() > 0)
                .extracting(ResultLine::metric)
                .containsExactlyInAnyOrder(
                        "firstApplyNftMillis",
                        "oneRuleNftMillis",
                        "oneMemberNftMillis",
                        "resyncNftMillis",
                        "firstApplyNftMillis",
                        "oneRuleNftMillis",
                        "oneMemberNftMillis",
                        "resyncNftMillis");
    }
}
