package dev.culvert.iptables;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.culvert.net.Cidr;
import dev.culvert.net.IpAddresses;
import dev.culvert.net.IpFamily;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class IpSetsTest {
    private final FakeKernel kernel = new FakeKernel();
    private final PacketFilter filter = new PacketFilter(kernel, EnumSet.allOf(IpFamily.class));
    private final IpSets sets = filter.sets();

    private static SetMember address(int number) {
        return SetMember.of(Cidr.parse("10.0.0.0/8").address(number));
    }

    private static Set<SetMember> addresses(int from, int to) {
        return IntStream.range(from, to).mapToObj(i -> address(i)).collect(Collectors.toSet());
    }

    private static IpSet peers(Set<SetMember> members) {
        return new IpSet("CULVERT-PEERS", IpSet.Type.IP, IpFamily.IPV4, members);
    }

    private Set<String> inKernel() {
        return kernel.sets().members("CULVERT-PEERS");
    }

    private static Set<String> texts(Set<SetMember> members) {
        return members.stream().map(SetMember::text).collect(Collectors.toSet());
    }

    private List<String> ipsetRuns() {
        List<String> runs =
                kernel.runs.stream()
                        .filter(run -> run.startsWith("ipset\n") && run.length() > 6)
                        .toList();
        kernel.runs.clear();
        return runs;
    }

    @Test
    void aMemberMoreAndLessIsALineEach() throws Exception {
        sets.setIpSet(peers(addresses(1, 1000)));
        filter.apply();
        assertThat(inKernel()).hasSize(999);
        kernel.runs.clear();
        sets.add("CULVERT-PEERS", address(5000));
        sets.remove("CULVERT-PEERS", address(7));
        filter.apply();
        assertThat(kernel.runs)
                .containsExactly(
                        """
                        ipset
                        add CULVERT-PEERS 10.0.19.136 -exist
                        del CULVERT-PEERS 10.0.0.7 -exist
                        """);
        filter.apply();
        assertThat(kernel.runs).hasSize(1);
    }

    @Test
    void whatWasTakenBackIsNotWritten() throws Exception {
        sets.setIpSet(peers(addresses(1, 10)));
        filter.apply();
        kernel.runs.clear();
        sets.add("CULVERT-PEERS", address(50));
        sets.remove("CULVERT-PEERS", address(50));
        sets.setIpSet(peers(addresses(1, 10)));
        filter.apply();
        assertThat(ipsetRuns()).isEmpty();
    }

    @Test
    void aLargeChangeComesAtOnceBySwapping() throws Exception {
        sets.setIpSet(peers(addresses(1, 1000)));
        filter.apply();
        kernel.runs.clear();
        sets.setIpSet(peers(addresses(2000, 3000)));
        filter.apply();
        assertThat(ipsetRuns())
                .singleElement()
                .asString()
                .contains("swap CULVERT-SPARE CULVERT-PEERS\ndestroy CULVERT-SPARE\n");
        assertThat(inKernel()).isEqualTo(texts(addresses(2000, 3000)));
        assertThat(kernel.sets().names()).containsExactly("CULVERT-PEERS");
        sets.add("CULVERT-PEERS", address(1));
        filter.apply();
        assertThat(ipsetRuns()).singleElement().asString().hasLineCount(2);
    }

    @Test
    void aNetworkBecomesAnExceptionWithoutBeingAwayInBetween() throws Exception {
        Cidr network = Cidr.parse("10.1.0.0/16");
        IpSet set =
                new IpSet(
                        "CULVERT-NETS",
                        IpSet.Type.NET,
                        IpFamily.IPV4,
                        Set.of(SetMember.of(network)));
        sets.setIpSet(set);
        filter.apply();
        ipsetRuns();
        sets.add("CULVERT-NETS", SetMember.except(network));
        filter.apply();
        assertThat(ipsetRuns())
                .containsExactly("ipset\nadd CULVERT-NETS 10.1.0.0/16 nomatch -exist\n");
    }

    @Test
    void setsComeBeforeTheirRulesAndGoAfterThem() throws Exception {
        Table table = filter.table(IpFamily.IPV4, TableName.FILTER);
        sets.setIpSet(peers(addresses(1, 3)));
        table.setChain(
                Chain.of("CULVERT-X", Rule.matching().sourceInSet("CULVERT-PEERS").accept()));
        filter.apply();
        sets.removeIpSet("CULVERT-PEERS");
        table.removeChain("CULVERT-X");
        kernel.runs.clear();
        filter.apply();
        assertThat(kernel.runs)
                .containsExactly(
                        "iptables-nft-restore\n*filter\n-F CULVERT-X\n-X CULVERT-X\nCOMMIT\n",
                        "ipset\ndestroy CULVERT-PEERS\n");
        assertThat(kernel.sets().names()).isEmpty();
    }

    @Test
    void aSetThatIsWantedAgainIsNotMadeAgain() throws Exception {
        sets.setIpSet(peers(addresses(1, 3)));
        filter.apply();
        ipsetRuns();
        sets.removeIpSet("CULVERT-PEERS");
        sets.setIpSet(peers(addresses(1, 4)));
        filter.apply();
        assertThat(ipsetRuns()).containsExactly("ipset\nadd CULVERT-PEERS 10.0.0.3 -exist\n");
    }

    @Test
    void repairsAndRemovesStraysAndLeavesOthers() throws Exception {
        kernel.sets().restore("create KUBE-X hash:ip family inet\ncreate CULVERT-OLD hash:ip\n");
        sets.setIpSet(peers(addresses(1, 4)));
        assertThat(filter.apply().repaired()).isEmpty();
        assertThat(kernel.sets().names()).containsExactlyInAnyOrder("KUBE-X", "CULVERT-PEERS");
        inKernel().remove("10.0.0.1");
        inKernel().add("10.9.9.9");
        filter.queueResync();
        assertThat(filter.apply().repaired()).containsExactly("set CULVERT-PEERS");
        assertThat(inKernel()).isEqualTo(texts(addresses(1, 4)));
    }

    @Test
    void replacesASetOfAnotherTypeThatAFormerVersionLeft() throws Exception {
        kernel.sets().restore("create CULVERT-PEERS hash:net family inet maxelem 9\n");
        sets.setIpSet(peers(addresses(1, 4)));
        filter.apply();
        assertThat(kernel.sets().save()).startsWith("create CULVERT-PEERS hash:ip family inet");
    }

    @Test
    void aSetThatIsTooSmallIsReplaced() throws Exception {
        kernel.sets().restore("create CULVERT-PEERS hash:ip family inet maxelem 2\n");
        sets.setIpSet(peers(addresses(1, 4)));
        filter.apply();
        assertThat(inKernel()).hasSize(3);
        ipsetRuns();
        sets.add("CULVERT-PEERS", address(9));
        filter.apply();
        assertThat(ipsetRuns()).singleElement().asString().startsWith("ipset\nadd");
    }

    @Test
    void whereIpsetIsMissingOnlySetsFail() throws Exception {
        kernel.hasIpset = false;
        filter.table(IpFamily.IPV4, TableName.NAT).setChain(Chain.of("CULVERT-MASQ"));
        filter.apply();
        assertThat(kernel.nft().chains(TableName.NAT)).containsKey("CULVERT-MASQ");
        sets.setIpSet(peers(new HashSet<>()));
        assertThatThrownBy(filter::apply).hasMessageContaining("ipset cannot be run");
    }

    @Test
    void refusesToChangeWhatASetIs() {
        sets.setIpSet(peers(Set.of()));
        assertThatThrownBy(
                        () ->
                                sets.setIpSet(
                                        new IpSet(
                                                "CULVERT-PEERS",
                                                IpSet.Type.NET,
                                                IpFamily.IPV4,
                                                Set.of())))
                .hasMessageContaining("another name");
        assertThatThrownBy(() -> sets.add("CULVERT-PEERS", SetMember.of(IpAddresses.parse("::1"))))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> sets.add("CULVERT-NONE", address(1)))
                .hasMessageContaining("CULVERT-NONE");
    }
}
