package dev.culvert.agent.kube;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.culvert.agent.state.Notice;
import dev.culvert.agent.state.VtepAnnouncement;
import dev.culvert.net.Cidr;
import dev.culvert.net.IpAddresses;
import dev.culvert.net.MacAddress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
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
    void namesEarlierRangesThatPodsStillLiveIn() {
        String text =
                TEXT.replace("}", ",\"retained\":[\"10.244.1.0/24\",\"fd00:0:0:0:0:0:0:0/64\"]}");
        VtepAnnouncement vtep =
                new VtepAnnouncement(
                        VTEP.address(),
                        VTEP.mac(),
                        VTEP.vni(),
                        VTEP.port(),
                        false,
                        List.of(Cidr.parse("10.244.1.0/24"), Cidr.parse("fd00::/64")));
        assertThat(VtepAnnotation.write(vtep)).isEqualTo(text);
        assertThat(VtepAnnotation.read(text)).isEqualTo(vtep);
        assertThat(VtepAnnotation.read(TEXT.replace("}", ",\"retained\":[7,\"10.1.2.3/8\"]}")))
                .isEqualTo(VTEP);
        assertThat(VtepAnnotation.read(TEXT.replace("}", ",\"retained\":\"all\"}")))
                .isEqualTo(VTEP);
    }

    @Test
    void theDocumentationShowsWhatIsWritten() throws IOException {
        String page = Files.readString(Path.of("..", "docs", "annotations.md"));
        VtepAnnouncement example =
                new VtepAnnouncement(
                        VTEP.address(), MacAddress.parse("ca:12:f3:1b:8c:bf"), 1, 4789, true);
        assertThat(page)
                .contains("## `" + VtepAnnotation.KEY + "`")
                .contains(VtepAnnotation.write(example))
                .contains("| `reason` | `" + NetworkCondition.REASON + "` |");
        for (Notice.Reason each : Notice.Reason.values()) {
            String type = each.isWarning() ? "Warning" : "Normal";
            assertThat(page).contains("| `%s` | %s |".formatted(each.text(), type));
        }
        for (String key : FlannelAnnotations.KEYS) {
            assertThat(page).contains("`" + key.replace(FlannelAnnotations.PREFIX, "") + "`");
        }
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
        refused(TEXT.replace("192.0.2.1", "0.0.0.0"), "'0.0.0.0' is no address that another");
        refused(TEXT.replace("192.0.2.1", "ff02::1"), "'ff02::1' is no address that another");
        refused(TEXT.replace("192.0.2.1", "127.0.0.1"), "is no address that another node");
        refused(TEXT.replace("02:00:00:00:00:01", "01:00:00:00:00:01"), "no unicast MAC");
        refused(TEXT.replace("02:00:00:00:00:01", "00:00:00:00:00:00"), "no unicast MAC");
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
