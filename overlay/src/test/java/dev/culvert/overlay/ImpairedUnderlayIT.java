package dev.culvert.overlay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.net.IpFamily;
import dev.culvert.overlay.DigestRun.Mode;
import dev.culvert.overlay.DigestRun.Result;
import dev.culvert.overlay.ImpairedLink.Impairment;
import org.junit.jupiter.api.Test;

/**
 * Over an underlay that loses, doubles and reorders frames, what pods send over TCP arrives as it
 * was sent, and no packet arrives damaged that would not over plain routing.
 */
class ImpairedUnderlayIT {
    private static final long BYTES = 40L << 20;
    private static final Impairment IMPAIRMENT = new Impairment(0.0005, 0.001, 0.003, 8, 7348);

    @Test
    void tcpComesThroughUnharmed() throws Exception {
        Result plain = run(Mode.PLAIN_ROUTING, IpFamily.IPV4);
        assertThat(plain.disorder()).as("the link does reorder").isNotEmpty();
        for (Mode mode :
                new Mode[] {
                    Mode.CULVERT, Mode.CULVERT_WITHOUT_OFFLOADS, Mode.CULVERT_AND_KERNEL_VXLAN
                }) {
            DigestRun.assertNoDamageBeyond(plain, mode, run(mode, IpFamily.IPV4));
        }
    }

    @Test
    void tcpComesThroughUnharmedOverIpv6() throws Exception {
        Result plain = run(Mode.PLAIN_ROUTING, IpFamily.IPV6);
        DigestRun.assertNoDamageBeyond(plain, Mode.CULVERT, run(Mode.CULVERT, IpFamily.IPV6));
    }

    private static Result run(Mode mode, IpFamily outer) throws Exception {
        Result result = DigestRun.overImpairedLink(mode, outer, IMPAIRMENT, BYTES);
        assertThat(result.bytes()).isEqualTo(BYTES);
        return result;
    }
}
