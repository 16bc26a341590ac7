package dev.culvert.overlay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.overlay.encap.VxlanEncapsulation;
import dev.culvert.overlay.offload.Segmenter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SuperPacketLimitTest {
    /** What Linux keeps free of {@code gso_max_size}, by its configuration. */
    private static final int[] MAX_TCP_HEADERS = {192, 256, 320};

    /** IPv4 and IPv6, with timestamps and without. */
    private static final int[] HEADERS = {40, 52, 60, 72};

    @Test
    void isAbout62KilobytesOnEthernet() {
        assertThat(SuperPacketLimit.of(1450)).isEqualTo(62_202);
    }

    @ParameterizedTest
    @ValueSource(ints = {506, 576, 1000, 1230, 1280, 1430, 1450, 1500, 3000, 8930, 8950, 20_000})
    void whatTcpFillsFitsOneSendAndNearlyFillsIt(int mtu) {
        int most = most(mtu);
        for (int free : MAX_TCP_HEADERS) {
            for (int headers : HEADERS) {
                int segments = (SuperPacketLimit.of(mtu) - free - 1) / (mtu - headers);
                assertThat(segments).isBetween(most - 4, most);
            }
        }
    }

    @Test
    void neverExceedsWhatEveryDeviceTakes() {
        for (int mtu = 506; mtu <= 65_535; mtu++) {
            assertThat(SuperPacketLimit.of(mtu))
                    .isBetween(mtu > 65_000 ? 60_000 : mtu, SuperPacketLimit.KERNEL_DEFAULT);
        }
    }

    private static int most(int mtu) {
        int bySize = Segmenter.MAX_SEND_BYTES / (mtu + VxlanEncapsulation.HEADROOM);
        return Math.min(Segmenter.MAX_SEGMENTS, bySize);
    }
}
