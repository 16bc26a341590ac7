package dev.culvert.charts;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.util.Map;
import java.util.regex.Matcher;
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

    /** So often docs/install.md says that it must be replaced. */
    @Test
    void theRevisionIsInTheManifestFourTimes() throws IOException {
        String manifest = Files.readString(Chart.file("deploy/culvert.yaml"));
        Matcher revision =
                Pattern.compile("name: CULVERT_REVISION\\n +value: \"(\\w+)\"").matcher(manifest);
        assertThat(revision.find()).isTrue();
        assertThat(manifest.split(revision.group(1), -1)).hasSize(5);
    }

    @Test
    void theManifestSaysNothingOfHelm() throws IOException {
        assertThat(Files.readString(Chart.file("deploy/culvert.yaml")))
                .doesNotContain("helm.sh", "managed-by: Helm");
    }
}
