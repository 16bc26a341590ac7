package dev.culvert.bench.scale;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.bench.path.Processes;
import dev.culvert.bench.report.ResultLine;
import dev.culvert.linux.testing.TestNamespaces;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The real agent in a small simulated cluster. */
final class ScaleBenchIT {
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final ScalePlan PLAN =
            new ScalePlan(
                    ROOT.resolve("agent/target/culvert/culvert.jar"),
                    ROOT.resolve("cni/target/culvert-cni"),
                    300,
                    1000,
                    3,
                    1,
                    3,
                    20,
                    100,
                    false,
                    List.of("-Xmx64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"));

    @TempDir private Path directory = Path.of("");

    @Test
    void anAgentFollowsTheChangesOfASimulatedCluster() throws IOException {
        TestNamespaces.assumePermitted().assumeTun().close();
        Assumptions.assumeTrue(
                Files.exists(PLAN.agent()) && Files.exists(PLAN.cni()),
                "the agent and the CNI executable are not built");
        try (Processes processes = new Processes()) {
            List<ResultLine> lines = new ScaleBench(PLAN, processes, directory).run().lines();

            assertThat(lines)
                    .extracting(ResultLine::metric)
                    .contains(
                            "rssMiB",
                            "fdbCompleteMillis",
                            "startToFdbCompleteMillis",
                            "eventToFdbP50Millis",
                            "eventToFdbP99Millis",
                            "cpuPercent");
            assertThat(lines).extracting(ResultLine::median).allMatch(value -> value >= 0);
        }
    }
}
