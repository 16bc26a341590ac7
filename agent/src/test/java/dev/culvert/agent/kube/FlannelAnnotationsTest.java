package dev.culvert.agent.kube;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;

import dev.culvert.agent.state.VtepAnnouncement;
import dev.culvert.net.IpAddresses;
import dev.culvert.net.MacAddress;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class FlannelAnnotationsTest {
    private static final String P = "flannel.alpha.coreos.com/";

    /** As flannel v0.2x leaves them on a Node. */
    private static final Map<String, String> FLANNEL =
            Map.of(
                    P + "backend-type", "vxlan",
                    P + "backend-data", "{\"VNI\":1,\"VtepMAC\":\"4a:9b:5f:67:ed:08\"}",
                    P + "public-ip", "192.0.2.7",
                    P + "kube-subnet-manager", "true");

    private static final VtepAnnouncement VTEP =
            new VtepAnnouncement(
                    IpAddresses.parse("192.0.2.7"),
                    MacAddress.parse("4a:9b:5f:67:ed:08"),
                    1,
                    8472,
                    false);

    private final NodeAnnotations annotations = NodeAnnotations.withFlannel(8472);

    @Test
    void readsWhatFlannelWrites() {
        assertThat(annotations.read(FLANNEL)).isEqualTo(VTEP);
        assertThat(NodeAnnotations.culvert().read(FLANNEL)).isNull();
    }

    @Test
    void writesWhatFlannelWouldAndItsOwn() {
        Map<String, String> written = annotations.write(VTEP, Map.of());
        assertThat(written).containsAllEntriesOf(FLANNEL).hasSize(FLANNEL.size() + 1);
        assertThat(written).containsEntry(VtepAnnotation.KEY, VtepAnnotation.write(VTEP));
        assertThat(NodeAnnotations.culvert().write(VTEP, FLANNEL))
                .containsExactly(entry(VtepAnnotation.KEY, VtepAnnotation.write(VTEP)));
    }

    @Test
    void usesTheOtherKeysForIpv6() {
        VtepAnnouncement vtep = VTEP.at(IpAddresses.parse("2001:db8::7"));
        Map<String, String> written = annotations.write(vtep, Map.of());
        assertThat(written)
                .containsEntry(
                        P + "backend-v6-data", "{\"VNI\":1,\"VtepMAC\":\"4a:9b:5f:67:ed:08\"}")
                .containsEntry(P + "public-ipv6", "2001:db8:0:0:0:0:0:7")
                .doesNotContainKeys(P + "backend-data", P + "public-ip");
        assertThat(annotations.read(written)).isEqualTo(vtep);
    }

    @Test
    void announcesTheAddressThatAnOperatorGives() {
        Map<String, String> written =
                annotations.write(VTEP, Map.of(P + "public-ip-overwrite", "198.51.100.7"));
        assertThat(written).containsEntry(P + "public-ip", "198.51.100.7");
        assertThat(written.get(VtepAnnotation.KEY)).contains("\"ip\":\"198.51.100.7\"");
        assertThatThrownBy(
                        () -> annotations.write(VTEP, Map.of(P + "public-ip-overwrite", "fd00::1")))
                .hasMessageContaining("public-ip-overwrite is fd00::1, of another family");
    }

    @Test
    void believesFlannelsWhereOnesOwnAreLeftFromBefore() {
        VtepAnnouncement own =
                new VtepAnnouncement(VTEP.address(), MacAddress.ofName("n"), 1, 8472, true);
        Map<String, String> both = new HashMap<>(FLANNEL);
        both.put(VtepAnnotation.KEY, VtepAnnotation.write(own));
        assertThat(annotations.read(both)).isEqualTo(VTEP);

        VtepAnnouncement same =
                new VtepAnnouncement(VTEP.address(), VTEP.mac(), VTEP.vni(), VTEP.port(), true);
        both.put(VtepAnnotation.KEY, VtepAnnotation.write(same));
        assertThat(annotations.read(both)).isEqualTo(same);
        both.put(VtepAnnotation.KEY, "nonsense");
        assertThat(annotations.read(both)).isEqualTo(VTEP);
    }

    @Test
    void leavesOutNodesThatDoNotRunFlannelsVxlan() {
        assertThat(annotations.read(with("kube-subnet-manager", "false"))).isNull();
        assertThat(annotations.read(Map.of())).isNull();
        refused(with("backend-type", "host-gw"), "backend-type is 'host-gw'");
        refused(with("backend-data", "null"), "'' is not a MAC address");
        refused(with("backend-data", "{"), "backend-data is not JSON");
        refused(with("public-ip", "host"), "'host' is not an IP address");
    }

    private void refused(Map<String, String> texts, String reason) {
        assertThatThrownBy(() -> annotations.read(texts))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(reason);
    }

    private static Map<String, String> with(String key, String value) {
        Map<String, String> changed = new HashMap<>(FLANNEL);
        changed.put(P + key, value);
        return changed;
    }
}
