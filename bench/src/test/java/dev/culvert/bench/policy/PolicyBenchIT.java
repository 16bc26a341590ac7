package dev.culvert.bench.policy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.bench.report.ResultLine;
import dev.culvert.iptables.IptablesMode;
import dev.culvert.linux.testing.TestNamespaces;
import org.junit.jupiter.api.Test;

final class PolicyBenchIT {
    @Test
    void tellsHowLongChangesTakeAndWhatRulesCostPackets() throws Exception {
        TestNamespaces.assumePermitted().close();
        TestNamespaces.assumeInstalled("iptables-nft", "ipset");
        PolicyPlan plan = new PolicyPlan(40, 300, 10, 20, 0, 2, 1, 20, IptablesMode.NFT);
        PolicyResults results = new PolicyResults("nft");
        new ChurnBench(plan, results).run();
        new PacketBench(plan, results).run();
        assertThat(results.lines())
                .filteredOn(line -> !line.unit().endsWith("iB"))
                .allMatch(line -> line.median() >= 0)
                .extracting(ResultLine::metric)
                .contains(
                        "eventToInForceP50Millis",
                        "eventToInForceP99Millis",
                        "remoteReplacedP99Millis",
                        "roundTripAllPoliciesFirstPacketRatio");
    }
}
