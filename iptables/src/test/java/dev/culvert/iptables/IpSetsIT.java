package dev.culvert.iptables;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.net.Cidr;
import dev.culvert.net.IpAddresses;
import dev.culvert.net.IpFamily;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class IpSetsIT {
    private static PacketFilter filter(FilterNode node) {
        return new PacketFilter(node.command(), EnumSet.of(IpFamily.IPV4));
    }

    /** What the kernel holds of a set, in our words. */
    private static Set<SetMember> members(FilterNode node, String set) throws Exception {
        return node.ipset("save", set)
                .lines()
                .filter(line -> line.startsWith("add "))
                .map(line -> SetMember.parse(line.substring("add ".length() + set.length() + 1)))
                .collect(Collectors.toSet());
    }

    @Test
    void holdsMembersOfAllTypesInBothFamilies() throws Exception {
        try (FilterNode node = FilterNode.create(IptablesMode.NFT).withHint()) {
            PacketFilter filter = new PacketFilter(node.command(), EnumSet.allOf(IpFamily.class));
            List<IpSet> sets = new ArrayList<>();
            for (IpFamily family : IpFamily.values()) {
                boolean four = family == IpFamily.IPV4;
                var one = IpAddresses.parse(four ? "10.0.0.1" : "fd00::1");
                Cidr all = Cidr.parse(four ? "0.0.0.0/0" : "::/0");
                Cidr hole = Cidr.parse(four ? "10.1.0.0/16" : "fd00:1::/32");
                Set<SetMember> ports = new HashSet<>();
                for (Protocol protocol : Protocol.values()) {
                    ports.add(SetMember.of(one, protocol, 53));
                }
                String end = four ? "4" : "6";
                sets.add(
                        new IpSet(
                                "CULVERT-I" + end,
                                IpSet.Type.IP,
                                family,
                                Set.of(SetMember.of(one))));
                sets.add(
                        new IpSet(
                                "CULVERT-N" + end,
                                IpSet.Type.NET,
                                family,
                                Set.of(SetMember.of(all), SetMember.except(hole))));
                sets.add(new IpSet("CULVERT-P" + end, IpSet.Type.IP_PORT, family, ports));
            }
            sets.forEach(filter.sets()::setIpSet);
            filter.apply();
            for (IpSet set : sets) {
                assertThat(members(node, set.name())).as(set.name()).isEqualTo(set.members());
            }
            node.ipset("test", "CULVERT-N4", "10.2.0.1");
            assertThat(
                            node.namespaces()
                                    .run(
                                            node.namespace(),
                                            "ipset",
                                            "test",
                                            "CULVERT-N4",
                                            "10.1.0.1")
                                    .status())
                    .isNotZero();
            filter.queueResync();
            assertThat(filter.apply()).isEqualTo(new Applied(0, List.of(), List.of()));
        }
    }

    @Test
    void aNetworkBecomesAnExceptionAndBack() throws Exception {
        try (FilterNode node = FilterNode.create(IptablesMode.NFT).withHint()) {
            PacketFilter filter = filter(node);
            SetMember in = SetMember.of(Cidr.parse("10.1.0.0/16"));
            SetMember out = SetMember.except(in.network());
            IpSet set = new IpSet("CULVERT-N", IpSet.Type.NET, IpFamily.IPV4, Set.of(in));
            filter.sets().setIpSet(set);
            for (SetMember member : List.of(in, out, in)) {
                filter.sets().add("CULVERT-N", member);
                filter.apply();
                assertThat(members(node, "CULVERT-N")).containsExactly(member);
            }
        }
    }

    @Test
    void endsWithExactlyTheMembersThatAreWanted() throws Exception {
        try (FilterNode node = FilterNode.create(IptablesMode.NFT).withHint()) {
            PacketFilter filter = filter(node);
            Random random = new Random(7);
            Set<SetMember> wanted = Set.of();
            Cidr network = Cidr.parse("10.0.0.0/16");
            for (int round = 0; round < 8; round++) {
                int count = round % 3 == 0 ? 3000 : 20;
                wanted =
                        IntStream.range(0, count)
                                .mapToObj(_ -> SetMember.of(network.address(random.nextInt(9000))))
                                .collect(Collectors.toSet());
                filter.sets()
                        .setIpSet(new IpSet("CULVERT-I", IpSet.Type.IP, IpFamily.IPV4, wanted));
                Rule rule = Rule.matching().sourceInSet("CULVERT-I").accept();
                filter.table(IpFamily.IPV4, TableName.FILTER).setChain(Chain.of("CULVERT-X", rule));
                filter.apply();
                assertThat(members(node, "CULVERT-I")).isEqualTo(wanted);
            }
            assertThat(node.ipset("list", "-n").lines()).containsExactly("CULVERT-I");
        }
    }

    @Test
    void replacesSmallSetsAndThoseOfOtherTypes() throws Exception {
        try (FilterNode node = FilterNode.create(IptablesMode.NFT).withHint()) {
            node.ipset("create", "CULVERT-SMALL", "hash:ip", "maxelem", "1");
            node.ipset("create", "CULVERT-OTHER", "hash:net,iface");
            node.ipset("create", "KUBE-OTHER", "hash:net,iface");
            PacketFilter filter = filter(node);
            Set<SetMember> two =
                    Set.of(
                            SetMember.of(IpAddresses.parse("10.0.0.1")),
                            SetMember.of(IpAddresses.parse("10.0.0.2")));
            for (String name : List.of("CULVERT-SMALL", "CULVERT-OTHER")) {
                filter.sets().setIpSet(new IpSet(name, IpSet.Type.IP, IpFamily.IPV4, two));
            }
            filter.apply();
            assertThat(members(node, "CULVERT-SMALL")).isEqualTo(two);
            assertThat(members(node, "CULVERT-OTHER")).isEqualTo(two);
            filter.removeAll();
            filter.apply();
            assertThat(node.ipset("list", "-n").lines()).containsExactly("KUBE-OTHER");
        }
    }
}
