package dev.culvert.bench.rules;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.bench.report.ResultLine;
import dev.culvert.iptables.IptablesMode;
import dev.culvert.linux.testing.TestNamespaces;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

final class RulesBenchIT {
    @Test
    void comparesTheDriverWithTheSameByHand() throws Exception {
        TestNamespaces.assumePermitted().close();
        boolean installed =
                Stream.of("/usr/sbin", "/sbin", "/usr/bin")
                        .anyMatch(folder -> Files.isExecutable(Path.of(folder, "ipset")));
        Assumptions.assumeTrue(installed, "needs iptables and ipset");
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
