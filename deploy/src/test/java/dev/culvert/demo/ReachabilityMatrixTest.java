package dev.culvert.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

/** How the matrix looks. */
class ReachabilityMatrixTest {
    @Test
    void namesTheProtocolsThatFailedByTheirInitials() {
        assertThat(ReachabilityMatrix.cellText(List.of("ICMP", "UDP"))).isEqualTo("no I,U");
        assertThat(ReachabilityMatrix.cellText(List.of())).isEqualTo("ok");
    }

    @Test
    void alignsTheColumns() {
        String head = ReachabilityMatrix.row("from \\ to", List.of("pod-1-1", "pod-2-1"));
        String line = ReachabilityMatrix.row("pod-1-1", List.of("-", "ok"));

        assertThat(line.indexOf("ok")).isEqualTo(head.indexOf("pod-2-1"));
    }
}
