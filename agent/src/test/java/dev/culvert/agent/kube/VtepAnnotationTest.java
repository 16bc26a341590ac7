package dev.culvert.agent.kube;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.culvert.agent.state.VtepAnnouncement;
import dev.culvert.net.IpAddresses;
import dev.culvert.net.MacAddress;
import org.junit.jupiter.api.Test;

class VtepAnnotationTest {
    private static final String TEXT =
            "{\"ip\":\"192.0.2.1\",\"mac\":\"02:00:00:00:00:01\",\"vni\":1,\"port\":4789,"
                    + "\"protocols\":[\"vxlan\"]}";
    private static final VtepAnnouncement VTEP =
            new VtepAnnouncement(
                    IpAddresses.parse("192.0.2.1"),
                    MacAddress.parse("02:00:00:00:00:01"),
                    1,
                    4789,
                    false);

    @Test
    void theFormIsAContract() {
        assertThat(VtepAnnotation.KEY).isEqualTo("culvert.dev/vtep");
        assertThat(VtepAnnotation.write(VTEP)).isEqualTo(TEXT);
        assertThat(VtepAnnotation.read(TEXT)).isEqualTo(VTEP);
    }

    @Test
    void saysWhoFinishesChecksums() {
        String text = TEXT.replace("\"vxlan\"", "\"vxlan\",\"vxlan-rco\"");
        VtepAnnouncement vtep =
                new VtepAnnouncement(VTEP.address(), VTEP.mac(), VTEP.vni(), VTEP.port(), true);

        assertThat(VtepAnnotation.write(vtep)).isEqualTo(text);
        assertThat(VtepAnnotation.read(text)).isEqualTo(vtep);
        assertThat(vtep.vtepOf("node").remoteChecksum()).isTrue();
    }

    @Test
    void ignoresKeysOfLaterVersions() {
        assertThat(VtepAnnotation.read(TEXT.replaceFirst("\\{", "{\"new\":{},"))).isEqualTo(VTEP);
    }

    @Test
    void saysWhatIsWrong() {
        refused("nonsense", "not JSON");
        refused("{}", "protocols");
        refused("null", "protocols");
        refused(TEXT.replace("192.0.2.1", "host"), "'host' is not an IP address");
        refused(TEXT.replace("02:00:00:00:00:01", "02"), "'02' is not a MAC address");
        refused(TEXT.replace("4789", "0"), "'port' must be a number from 1 to 65535");
        refused(TEXT.replace("\"vni\":1", "\"vni\":\"x\""), "'vni' must be a number");
        refused(TEXT.replace("vxlan", "geneve"), "does not name vxlan");
    }

    private static void refused(String text, String reason) {
        assertThatThrownBy(() -> VtepAnnotation.read(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(reason);
    }
}
