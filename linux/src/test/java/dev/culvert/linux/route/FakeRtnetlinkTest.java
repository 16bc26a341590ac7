package dev.culvert.linux.route;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.culvert.linux.Descriptor;
import dev.culvert.linux.Errno;
import dev.culvert.linux.LinuxException;
import org.junit.jupiter.api.Test;

final class FakeRtnetlinkTest extends RtnetlinkContract {
    private final FakeRtnetlink fake = new FakeRtnetlink();

    @Override
    Rtnetlink rtnetlink() {
        return fake;
    }

    @Override
    Descriptor otherNamespace() {
        return Descriptor.own(Integer.MAX_VALUE, "a namespace that the fake does not look at");
    }

    @Test
    void failsOnceWhenToldTo() throws Exception {
        fake.failNext("createBridge", Errno.EBUSY);
        assertThatExceptionOfType(LinuxException.class)
                .isThrownBy(this::bridge)
                .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.EBUSY));
        assertThat(bridge().name()).isEqualTo("br0");
    }

    @Test
    void losesBothEndsOfPairWhenPeerGoes() throws Exception {
        veth();
        fake.deletePeerOf("v0");
        assertThat(fake.link("v0")).isEmpty();
    }
}
