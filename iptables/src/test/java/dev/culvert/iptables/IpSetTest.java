package dev.culvert.iptables;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.culvert.net.Cidr;
import dev.culvert.net.IpAddresses;
import dev.culvert.net.IpFamily;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class IpSetTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "10.0.0.1",
                "10.0.0.0/8",
                "10.1.0.0/16 nomatch",
                "10.0.0.1,tcp:80",
                "10.0.0.1,sctp:1",
                "fd00:0:0:0:0:0:0:0/65"
            })
    void readsMembersAsItWritesThem(String text) {
        assertThat(SetMember.parse(text).text()).isEqualTo(text);
    }

    @Test
    void readsMembersAsIpsetPrintsThem() {
        assertThat(SetMember.parse("fd00::1"))
                .isEqualTo(SetMember.of(IpAddresses.parse("fd00:0:0::0:1")));
        assertThat(SetMember.parse("fd00::1,udp:53 timeout 0"))
                .isEqualTo(SetMember.of(IpAddresses.parse("fd00::1"), Protocol.UDP, 53));
    }

    @Test
    void theNetworkOfAllAddressesBecomesTwoHalves() {
        IpSet set =
                new IpSet(
                        "CULVERT-A",
                        IpSet.Type.NET,
                        IpFamily.IPV6,
                        Set.of(SetMember.of(Cidr.parse("::/0"))));
        assertThat(set.members())
                .containsExactlyInAnyOrder(
                        SetMember.of(Cidr.parse("::/1")), SetMember.of(Cidr.parse("8000::/1")));
    }

    @Test
    void refusesMembersThatDoNotFitTheType() {
        for (String member : Set.of("10.0.0.0/8", "fd00::1", "10.0.0.1,tcp:80")) {
            assertThatThrownBy(() -> set(IpSet.Type.IP, member))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("CULVERT-A");
        }
        assertThatThrownBy(() -> set(IpSet.Type.IP_PORT, "10.0.0.1")).hasMessageContaining("type");
        assertThatThrownBy(() -> set(IpSet.Type.NET, "10.0.0.1,tcp:80"))
                .hasMessageContaining("hash:net");
        assertThatThrownBy(() -> SetMember.of(IpAddresses.parse("::1"), Protocol.TCP, 0))
                .hasMessageContaining("1 to 65535");
    }

    private static IpSet set(IpSet.Type type, String member) {
        return new IpSet("CULVERT-A", type, IpFamily.IPV4, Set.of(SetMember.parse(member)));
    }

    @Test
    void readsWhatIpsetSaves() {
        Map<String, SavedSet> sets =
                SavedSet.parse(
                        """
                        create cali40 hash:net family inet hashsize 1024 maxelem 1000
                        add cali40 10.0.0.0/8
                        create CULVERT-A hash:net family inet hashsize 1024 maxelem 1000 comment
                        add CULVERT-A 10.0.0.0/8 comment "a b"
                        add CULVERT-A 10.1.0.0/16 nomatch
                        create CULVERT-B hash:net,iface family inet maxelem 9
                        add CULVERT-B 10.0.0.0/8,eth0
                        """);
        assertThat(sets.keySet()).containsExactlyInAnyOrder("CULVERT-A", "CULVERT-B");
        SavedSet a = Objects.requireNonNull(sets.get("CULVERT-A"));
        assertThat(a.maxElements()).isEqualTo(1000);
        assertThat(a.members().values())
                .containsExactlyInAnyOrder(
                        SetMember.of(Cidr.parse("10.0.0.0/8")),
                        SetMember.except(Cidr.parse("10.1.0.0/16")));
        assertThat(Objects.requireNonNull(sets.get("CULVERT-B")).unknown())
                .containsExactly("10.0.0.0/8,eth0");
    }
}
