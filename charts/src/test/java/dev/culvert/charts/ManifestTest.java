package dev.culvert.charts;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** {@code deploy/culvert.yaml}, for those who have no Helm. */
class ManifestTest {
    private static final Pattern HELMS_OWN =
            Pattern.compile(
                    "(?m)^(# Source: .*| +helm\\.sh/chart: .*| +app\\.kubernetes\\.io/managed-by: .*)\\n");

    private static final String HEAD =
            """
            # Culvert on every node of a cluster:
            #
            #   kubectl apply -f culvert.yaml
            #
            # docs/install.md says what to look at before. This file is what the chart in charts/culvert makes of its defaults; ./dev manifests
            # writes it.
            """;

    @Test
    void theManifestIsWhatTheChartMakesOfItsDefaults() throws IOException {
        String rendered = HELMS_OWN.matcher(Chart.ours().render(Map.of())).replaceAll("");
        Generated.hold("deploy/culvert.yaml", HEAD + rendered.stripTrailing() + "\n");
    }

    @Test
    void theManifestSaysNothingOfHelm() throws IOException {
        assertThat(java.nio.file.Files.readString(Chart.file("deploy/culvert.yaml")))
                .doesNotContain("helm.sh", "managed-by: Helm");
    }
}
