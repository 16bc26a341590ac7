package dev.culvert.agent.cni;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.agent.sandbox.Attachment;
import dev.culvert.agent.sandbox.Bandwidth;
import dev.culvert.agent.sandbox.PodAddress;
import dev.culvert.net.Cidr;
import dev.culvert.net.MacAddress;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.json.JsonMapper;

final class CniResultTest {

    private static String json(CniVersion version) {
        Cidr v4 = Cidr.parse("10.244.1.0/24");
        Cidr v6 = Cidr.parse("fd00::/64");
        Attachment attachment =
                new Attachment(
                        "cv0123456789a",
                        "eth0",
                        MacAddress.ofPod(v4.address(2)),
                        List.of(
                                new PodAddress(v4.address(2), v4, v4.address(1)),
                                new PodAddress(v6.address(2), v6, v6.address(1))),
                        "culvert0",
                        1450,
                        62_202,
                        Bandwidth.UNLIMITED,
                        "");
        return CniResult.json(
                version,
                attachment,
                "/run/netns/x",
                MacAddress.parse("0a:58:0a:f4:01:01"),
                Optional.empty());
    }

    private static String expected(String version, String mtu, String four, String six) {
        String hostMac = MacAddress.ofName("cv0123456789a").toString();
        return """
        {"cniVersion":"VERSION","interfaces":[\
        {"name":"culvert0","mac":"0a:58:0a:f4:01:01"MTU},\
        {"name":"cv0123456789a","mac":"HOSTMAC"MTU},\
        {"name":"eth0","mac":"0a:58:0a:f4:01:02"MTU,"sandbox":"/run/netns/x"}],\
        "ips":[{FOUR"interface":2,"address":"10.244.1.2/24","gateway":"10.244.1.1"},\
        {SIX"interface":2,"address":"fd00:0:0:0:0:0:0:2/64","gateway":"fd00:0:0:0:0:0:0:1"}],\
        "routes":[{"dst":"0.0.0.0/0","gw":"10.244.1.1"MTU},\
        {"dst":"0:0:0:0:0:0:0:0/0","gw":"fd00:0:0:0:0:0:0:1"MTU}],"dns":{}}"""
                .replace("VERSION", version)
                .replace("HOSTMAC", hostMac)
                .replace("MTU", mtu)
                .replace("FOUR", four)
                .replace("SIX", six);
    }

    @ParameterizedTest
    @EnumSource(names = {"V0_3_1", "V0_4_0"})
    void namesTheFamilyInOldVersions(CniVersion version) {
        assertThat(json(version))
                .isEqualTo(
                        expected(
                                version.toString(),
                                "",
                                "\"version\":\"4\",",
                                "\"version\":\"6\","));
    }

    @Test
    void isPlainInOneZero() {
        assertThat(json(CniVersion.V1_0_0)).isEqualTo(expected("1.0.0", "", "", ""));
    }

    @Test
    void carriesTheMtuInOneOne() {
        assertThat(json(CniVersion.V1_1_0)).isEqualTo(expected("1.1.0", ",\"mtu\":1450", "", ""));
    }

    @Test
    void errorsAreJsonWhateverTheyQuote() {
        String json = new CniError(4, "a \"quoted\" \n name").json("1.0.0");
        var read = JsonMapper.builder().build().readTree(json);
        assertThat(read.path("cniVersion").asString()).isEqualTo("1.0.0");
        assertThat(read.path("code").asInt()).isEqualTo(4);
        assertThat(read.path("msg").asString()).isEqualTo("culvert: a \"quoted\" \n name");
    }
}
