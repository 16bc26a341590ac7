package dev.culvert.bench.path;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import org.junit.jupiter.api.Test;

final class IperfReportTest {
    private static IperfReport end(String members) throws IOException {
        return IperfReport.parse("{\"end\":{" + members + "}}");
    }

    @Test
    void countsWhatTheReceiverOfTcpGot() throws IOException {
        IperfReport report =
                end(
                        """
                        "sum_sent": {"seconds": 2, "bytes": 9000000},
                        "sum_received": {"seconds": 2.0, "bytes": 5000000}
                        """);
        assertThat(report).isEqualTo(new IperfReport(5_000_000, 2));
        assertThat(report.megabitsPerSecond()).isEqualTo(20);
    }

    @Test
    void addsBothDirections() throws IOException {
        IperfReport report =
                end(
                        """
                        "sum_received": {"seconds": 1, "bytes": 1000000},
                        "sum_received_bidir_reverse": {"seconds": 1, "bytes": 2000000}
                        """);
        assertThat(report.megabitsPerSecond()).isEqualTo(24);
    }

    @Test
    void skipsWarningsBeforeTheReport() throws IOException {
        String json = "warning: large\n{\"end\":{\"sum_received\":{\"seconds\":1,\"bytes\":7}}}";
        assertThat(IperfReport.parse(json).bytes()).isEqualTo(7);
    }

    @Test
    void failsWithWhatIperfComplainsOf() {
        assertThatThrownBy(() -> IperfReport.parse("{\"error\":\"unable to connect\"}"))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("unable to connect");
    }

    @Test
    void failsWithoutAReportAtTheEnd() {
        assertThatThrownBy(() -> end("")).hasMessageContaining("nothing received");
        assertThatThrownBy(() -> IperfReport.parse("iperf3: no"))
                .hasMessageContaining("iperf3: no");
    }
}
