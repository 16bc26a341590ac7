package dev.culvert.bench.cni;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.bench.report.ResultLine;
import dev.culvert.linux.testing.TestNamespaces;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

final class CniBenchIT {
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();

    @Test
    void comparesTheAgentWithDebiansPlugins() throws Exception {
        TestNamespaces.assumePermitted().assumeTun().close();
        CniPlan plan =
                new CniPlan(
                        1,
                        3,
                        2,
                        ROOT.resolve("agent/target/culvert/culvert.jar"),
                        ROOT.resolve("deploy/target/demo/culvert-demo.jar"),
                        ROOT.resolve("cni/target/culvert-cni"),
                        Path.of("/usr/lib/cni"));
        String obstacle = CniCommand.obstacle(plan);
        Assumptions.assumeTrue(obstacle.isEmpty(), obstacle);
        try (CniNode node = CniNode.start(plan)) {
            CniBench bench = new CniBench(plan, node);
            bench.run();
            List<ResultLine> lines = bench.samples().summary();
            assertThat(lines).hasSize(2 * CniMetric.values().length);
            assertThat(lines).allSatisfy(line -> assertThat(line.median()).isPositive());
        }
    }
}
