package dev.culvert.agent.cni;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.culvert.agent.attachment.PortMapping;
import dev.culvert.agent.sandbox.Bandwidth;
import dev.culvert.iptables.Protocol;
import dev.culvert.net.IpAddresses;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

final class RuntimeConfigTest {
    private static final String ANNOTATIONS = "io.kubernetes.cri.pod-annotations";

    private static RuntimeConfig read(String json) throws CniError {
        ObjectNode configuration = CniRequest.object();
        configuration.set("runtimeConfig", InMemoryNode.parse(json));
        return RuntimeConfig.of(configuration);
    }

    private static CniError refusal(String json) {
        CniError error = catchThrowableOfType(CniError.class, () -> read(json));
        assertThat(error).as(json).isNotNull();
        return error;
    }

    private static String dns(RuntimeConfig config) {
        return config.dns().map(JsonNode::toString).orElse("");
    }

    @Test
    void wantsNothingByDefault() throws Exception {
        for (RuntimeConfig each :
                new RuntimeConfig[] {
                    RuntimeConfig.of(CniRequest.object()),
                    read("null"),
                    read("{}"),
                    read("{\"mac\":null,\"ips\":null,\"bandwidth\":null,\"portMappings\":null}"),
                    read(
                            "{\"ips\":[],\"bandwidth\":{},\"dns\":{},\"%s\":{}}"
                                    .formatted(ANNOTATIONS))
                }) {
            assertThat(each.mac()).isNull();
            assertThat(each.ips()).isEmpty();
            assertThat(each.bandwidth()).isEqualTo(Bandwidth.UNLIMITED);
            assertThat(each.dns()).isEmpty();
            assertThat(each.portMappings()).isEmpty();
        }
    }

    @Test
    void readsWhatTheRuntimeWants() throws Exception {
        RuntimeConfig config =
                read(
                        """
                        {"mac":"02:00:00:00:00:0A","ips":["10.244.1.9/24","fd00::9"],
                         "bandwidth":{"ingressRate":1000000,"ingressBurst":4294967295,
                                      "egressRate":2000000,"egressBurst":18446744073709551615},
                         "dns":{"servers":["10.96.0.10"],"searches":["svc"],"options":["ndots:5"]},
                         "portMappings":[{"hostPort":8080,"containerPort":80,"protocol":"TCP"},
                                         {"containerPort":53,"protocol":"udp","hostIP":"::"}]}
                        """);
        assertThat(config.mac()).hasToString("02:00:00:00:00:0a");
        assertThat(config.ips())
                .containsExactly(IpAddresses.parse("10.244.1.9"), IpAddresses.parse("fd00::9"));
        assertThat(config.bandwidth())
                .isEqualTo(new Bandwidth(1_000_000, 0xffff_ffffL, 2_000_000, Long.MAX_VALUE));
        assertThat(InMemoryNode.parse(dns(config)))
                .isEqualTo(
                        InMemoryNode.parse(
                                "{\"nameservers\":[\"10.96.0.10\"],\"search\":[\"svc\"],\"options\":[\"ndots:5\"]}"));
        assertThat(config.portMappings())
                .containsExactly(new PortMapping(Protocol.TCP, 8080, 80, null));
    }

    @Test
    void readsAddressesFromTheAnnotation() throws Exception {
        String annotations = "\"%s\":{\"a\":\"b\",\"culvert.dev/ips\":\"10.244.1.9, fd00::9\"}";
        assertThat(read("{" + annotations.formatted(ANNOTATIONS) + "}").ips())
                .containsExactly(IpAddresses.parse("10.244.1.9"), IpAddresses.parse("fd00::9"));
        assertThat(
                        read("{\"ips\":[\"10.244.1.7\"],"
                                        + annotations.formatted(ANNOTATIONS)
                                        + "}")
                                .ips())
                .containsExactly(IpAddresses.parse("10.244.1.7"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "[] | runtimeConfig is no JSON object",
                "\"x\" | runtimeConfig is no JSON object",
                "{\"mac\":\"02:00\"} | '02:00' is not a MAC address",
                "{\"mac\":\"00:00:00:00:00:00\"} | is zero or of a group",
                "{\"mac\":\"ff:ff:ff:ff:ff:ff\"} | is zero or of a group",
                "{\"mac\":\"01:00:5e:00:00:01\"} | is zero or of a group",
                "{\"ips\":\"10.0.0.1\"} | ips is no list",
                "{\"ips\":[\"web\"]} | ips: 'web' is not an IP address",
                "{\"ips\":[{}]} | ips: '' is not an IP address",
                "{\"ips\":[\"10.0.0.1/33\"]} | has no valid prefix length",
                "{\"ips\":[\"10.0.0.1/\"]} | has no valid prefix length",
                "{\"ips\":[\"10.0.0.1\",\"10.0.0.2\"]} | two addresses of one family",
                "{\"bandwidth\":{\"ingressRate\":-1}} | ingressRate is -1",
                "{\"bandwidth\":{\"egressRate\":\"10M\"}} | egressRate is \"10M\"",
                "{\"bandwidth\":{\"egressBurst\":1.5}} | egressBurst is 1.5",
                "{\"bandwidth\":{\"egressBurst\":1e400}} | egressBurst is",
                "{\"portMappings\":{}} | portMappings is no list",
                "{\"portMappings\":[80]} | portMappings has 80",
                "{\"portMappings\":[{\"hostPort\":80}]} | portMappings has",
                "{\"portMappings\":[{\"containerPort\":0}]} | portMappings has",
                "{\"portMappings\":[{\"containerPort\":80,\"hostPort\":65536}]} | portMappings has",
                "{\"portMappings\":[{\"containerPort\":80,\"hostPort\":-1}]} | portMappings has",
                "{\"portMappings\":[{\"containerPort\":80,\"protocol\":\"icmp\"}]} | portMappings has",
                "{\"portMappings\":[{\"containerPort\":80,\"hostIP\":\"x\"}]} | portMappings has",
            })
    void refusesWhatCannotBe(String json, String words) {
        CniError error = refusal(json);
        assertThat(error.code()).isEqualTo(7);
        assertThat(error).hasMessageContaining(words);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "'' | '' is not an IP address",
                "10.244.1.9, | '' is not an IP address",
                "10.244.1.9;fd00::9 | is not an IP address",
                "10.244.1.8,10.244.1.9 | the annotation culvert.dev/ips has two addresses",
            })
    void refusesAnInvalidAnnotation(String annotation, String words) {
        CniError error =
                refusal("{\"%s\":{\"culvert.dev/ips\":\"%s\"}}".formatted(ANNOTATIONS, annotation));
        assertThat(error.code()).isEqualTo(7);
        assertThat(error).hasMessageContaining(words).hasMessageContaining("culvert.dev/ips");
    }

    @Test
    void namesACapabilityThatItDoesNotHave() {
        CniError error = refusal("{\"ipRanges\":[[{\"subnet\":\"10.0.0.0/8\"}]]}");
        assertThat(error.code()).isEqualTo(2);
        assertThat(error)
                .hasMessageContaining("'ipRanges'")
                .hasMessageContaining("[[{\"subnet\":\"10.0.0.0/8\"}]]");
    }
}
