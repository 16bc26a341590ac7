package dev.culvert.overlay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.linux.tun.TunFeatures;
import dev.culvert.overlay.OverlayConfig.Offload;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class FeatureRegisterTest {
    private static final OverlayFeatures.State ON = new OverlayFeatures.State(true, true, "");
    private static final OverlayFeatures.State UNWANTED =
            new OverlayFeatures.State(false, false, "");

    @Test
    void whatIsWantedAndGrantedIsOn() {
        FeatureRegister register = new FeatureRegister(Offload.ALL, true);
        register.grant(TunFeatures.ALL);

        assertThat(register.snapshot().states())
                .hasSameSizeAs(Feature.values())
                .allSatisfy((_, state) -> assertThat(state).isEqualTo(ON));
    }

    @Test
    void whatNobodyWantsIsOffWithoutAReason() {
        FeatureRegister register = new FeatureRegister(Offload.NONE, false);
        register.grant(TunFeatures.NONE);
        register.switchOff(Feature.UDP_SEGMENTATION, "it broke");

        assertThat(register.snapshot().states())
                .hasSameSizeAs(Feature.values())
                .allSatisfy((_, state) -> assertThat(state).isEqualTo(UNWANTED));
    }

    @Test
    void whatOneQueueIsRefusedIsOff() {
        FeatureRegister register = new FeatureRegister(Offload.ALL, false);
        register.grant(TunFeatures.ALL);
        register.grant(new TunFeatures(true, true, true, false));
        register.grant(TunFeatures.ALL);

        OverlayFeatures.State udp = register.snapshot().of(Feature.TUN_UDP);
        assertThat(udp.wanted()).isTrue();
        assertThat(udp.enabled()).isFalse();
        assertThat(udp.reason()).contains("does not grant");
        assertThat(register.snapshot().of(Feature.TUN_TCP4)).isEqualTo(ON);
    }

    @Test
    void theFirstReasonStays() {
        FeatureRegister register = new FeatureRegister(Offload.ALL, false);
        register.switchOff(Feature.UDP_SEGMENTATION, "first");
        register.switchOff(Feature.UDP_SEGMENTATION, "second");

        assertThat(register.snapshot().of(Feature.UDP_SEGMENTATION))
                .isEqualTo(new OverlayFeatures.State(true, false, "first"));
    }

    /** The page is a contract: a feature that is new or renamed must be so there, too. */
    @ParameterizedTest
    @EnumSource
    void isDocumented(Feature feature) throws IOException {
        assertThat(Files.readString(Path.of("../docs/metrics.md")))
                .contains("| `%s` |".formatted(feature.label()));
    }
}
