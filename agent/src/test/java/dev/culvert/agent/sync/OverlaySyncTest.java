package dev.culvert.agent.sync;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.agent.config.AgentConfig;
import dev.culvert.agent.config.DataPathConfig;
import dev.culvert.linux.tun.TunFeatures;
import dev.culvert.overlay.OverlayConfig.Offload;
import dev.culvert.overlay.OverlayConfig.Tuning;
import dev.culvert.overlay.encap.OuterDscp;
import org.junit.jupiter.api.Test;

class OverlaySyncTest {
    /** So that what is measured without an agent is what an agent does. */
    @Test
    void theAgentsDefaultsAreTheDataPathsOwn() {
        DataPathConfig defaults = AgentConfig.defaults().dataPath();

        assertThat(OverlaySync.offload(defaults)).isEqualTo(Offload.ALL);
        assertThat(OverlaySync.tuning(defaults)).isEqualTo(Tuning.DEFAULT);
    }

    @Test
    void eachSwitchReachesItsPart() {
        assertThat(OverlaySync.offload(flags(true, false, false, false)))
                .isEqualTo(new Offload(TunFeatures.ALL, false, false, false, false));
        assertThat(OverlaySync.offload(flags(false, true, false, false)))
                .isEqualTo(new Offload(TunFeatures.NONE, true, false, false, false));
        assertThat(OverlaySync.offload(flags(false, false, true, false)))
                .isEqualTo(new Offload(TunFeatures.NONE, false, true, false, false));
        assertThat(OverlaySync.offload(flags(false, false, false, true)))
                .isEqualTo(new Offload(TunFeatures.NONE, false, false, true, false));
    }

    @Test
    void priorityAndSpinReachTheDataPath() {
        DataPathConfig config =
                new DataPathConfig(true, true, true, true, false, "inherit", 7, true);

        assertThat(OverlaySync.tuning(config)).isEqualTo(new Tuning(OuterDscp.INHERIT, 7));
    }

    private static DataPathConfig flags(
            boolean tun, boolean segmentation, boolean receive, boolean coalescing) {
        return new DataPathConfig(tun, segmentation, receive, coalescing, false, "none", 0, false);
    }
}
