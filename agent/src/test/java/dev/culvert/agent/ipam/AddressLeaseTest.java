package dev.culvert.agent.ipam;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.net.IpAddresses;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class AddressLeaseTest {
    private static final Endpoint ENDPOINT = new Endpoint("0123abcd", "eth0");

    @Test
    void hasADocumentedTextForm() {
        AddressLease lease =
                new AddressLease(
                        ENDPOINT,
                        List.of(IpAddresses.parse("10.244.1.2"), IpAddresses.parse("fd00::2")),
                        "default/web-0");
        assertThat(lease.alias())
                .isEqualTo("culvert:v1 0123abcd eth0 10.244.1.2,fd00:0:0:0:0:0:0:2 default/web-0");
        assertThat(AddressLease.ofAlias(lease.alias())).contains(lease);
    }

    @Test
    void canDoWithoutAPod() {
        AddressLease lease =
                new AddressLease(ENDPOINT, List.of(IpAddresses.parse("10.244.1.2")), "");
        assertThat(lease.alias()).isEqualTo("culvert:v1 0123abcd eth0 10.244.1.2");
        assertThat(AddressLease.ofAlias(lease.alias())).contains(lease);
    }

    @Test
    void cutsALongPodNameAndNothingElse() {
        AddressLease lease =
                new AddressLease(
                        new Endpoint("a".repeat(128), "b".repeat(15)),
                        List.of(
                                IpAddresses.parse("100.100.100.100"),
                                IpAddresses.parse("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")),
                        "namespace/" + "ü".repeat(253));
        assertThat(lease.alias().getBytes(UTF_8)).hasSizeBetween(253, 255);
        AddressLease read = AddressLease.ofAlias(lease.alias()).orElseThrow();
        assertThat(read.endpoint()).isEqualTo(lease.endpoint());
        assertThat(read.addresses()).isEqualTo(lease.addresses());
        assertThat(lease.pod()).startsWith(read.pod());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "my interface",
                "culvert:v2 id eth0 10.0.0.1",
                "culvert:v1 id eth0",
                "culvert:v1 id eth0 10.0.0.1,",
                "culvert:v1 id eth0 localhost"
            })
    void leavesAliasesOfOthersAlone(String alias) {
        assertThat(AddressLease.ofAlias(alias)).isEmpty();
    }
}
