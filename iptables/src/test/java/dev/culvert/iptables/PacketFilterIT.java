package dev.culvert.iptables;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.culvert.net.Cidr;
import dev.culvert.net.IpAddresses;
import dev.culvert.net.IpFamily;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The driver with the real programs of both variants, each in network namespaces of its own. */
final class PacketFilterIT {
    private static final IpFamily V4 = IpFamily.IPV4;
    private static final IpFamily V6 = IpFamily.IPV6;
    private static final Place BEHIND_KUBERNETES =
            Place.after("KUBE-SERVICES", "KUBE-POSTROUTING", "KUBE-FORWARD");

    private static String others(IpFamily family) throws IOException {
        boolean four = family == V4;
        try (InputStream stream = PacketFilterIT.class.getResourceAsStream("others.rules")) {
            byte[] bytes = Objects.requireNonNull(stream).readAllBytes();
            return new String(bytes, StandardCharsets.UTF_8)
                    .replace("HOSTADDR:80", four ? "10.244.1.5:80" : "[fd00::5]:80")
                    .replace("HOSTADDR/BITS", four ? "10.244.1.5/32" : "fd00::5/128");
        }
    }

    private static PacketFilter filter(FilterNode node) {
        return new PacketFilter(node.command(), EnumSet.allOf(IpFamily.class));
    }

    private static Cidr pods(IpFamily family) {
        return Cidr.parse(family == V4 ? "10.244.0.0/16" : "fd00:10:244::/56");
    }

    private static String set(IpFamily family) {
        return family == V4 ? "CULVERT-PODS-4" : "CULVERT-PODS-6";
    }

    /** Rules of all kinds that the agent uses, in three tables. */
    private static void desire(PacketFilter filter, IpFamily family) {
        Cidr pods = pods(family);
        filter.sets()
                .setIpSet(
                        new IpSet(set(family), IpSet.Type.NET, family, Set.of(SetMember.of(pods))));
        Table nat = filter.table(family, TableName.NAT);
        nat.setChain(
                Chain.of(
                        "CULVERT-MASQ",
                        Rule.matching().destinationInSet(set(family)).goBack(),
                        Rule.matching().destinationLocal().comment("this node").goBack(),
                        Rule.matching().masquerade(true)));
        nat.setRules(
                "POSTROUTING",
                BEHIND_KUBERNETES,
                List.of(Rule.matching().source(pods).jump("CULVERT-MASQ")));
        nat.setChain(
                Chain.of(
                        "CULVERT-HOSTPORT",
                        Rule.matching()
                                .protocol(Protocol.SCTP)
                                .destinationPort(80)
                                .comment("pod default/web-0")
                                .translateDestination(pods.address(5), 8080)));
        nat.setRules(
                "PREROUTING",
                BEHIND_KUBERNETES,
                List.of(Rule.matching().destinationLocal().jump("CULVERT-HOSTPORT")));
        Table table = filter.table(family, TableName.FILTER);
        table.setChain(
                Chain.of(
                        "CULVERT-FORWARD",
                        Rule.matching().connectionState("RELATED", "ESTABLISHED").accept(),
                        Rule.matching().inInterface("cv+").goTo("CULVERT-POLICY"),
                        Rule.matching().notMark(0x10, 0x10).drop()));
        table.setChain(
                Chain.of("CULVERT-POLICY", Rule.matching().sourceInSet(set(family)).accept()));
        table.setRules("FORWARD", Place.FIRST, List.of(Rule.matching().jump("CULVERT-FORWARD")));
        filter.table(family, TableName.MANGLE)
                .setRules(
                        "PREROUTING",
                        Place.LAST,
                        List.of(Rule.matching().inInterface("cv+").setMark(0x10, 0x10)));
    }

    @ParameterizedTest
    @EnumSource
    void othersRulesSurviveByteForByte(IptablesMode mode) throws Exception {
        try (FilterNode node = FilterNode.create(mode)) {
            for (IpFamily family : IpFamily.values()) {
                node.restore(family, others(family));
            }
            List<String> four = node.save(V4);
            List<String> six = node.save(V6);
            PacketFilter filter = filter(node);
            desire(filter, V4);
            desire(filter, V6);
            assertThat(filter.apply().warnings()).isEmpty();
            assertThat(Objects.requireNonNull(filter.mode()).mode()).isEqualTo(mode);
            assertThat(node.others(V4)).isEqualTo(four);
            assertThat(node.others(V6)).isEqualTo(six);
            assertThat(node.rules(V4, TableName.FILTER, "FORWARD").getFirst())
                    .contains("CULVERT-FORWARD");
            assertThat(node.rules(V6, TableName.NAT, "PREROUTING"))
                    .element(1)
                    .asString()
                    .contains("-j CULVERT-HOSTPORT");
            filter.queueResync();
            assertThat(filter.apply()).isEqualTo(new Applied(0, List.of(), List.of()));
            filter.removeAll();
            filter.apply();
            assertThat(node.save(V4)).isEqualTo(four);
            assertThat(node.save(V6)).isEqualTo(six);
            assertThat(node.ipset("list", "-n")).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource
    void damageByHandIsRepaired(IptablesMode mode) throws Exception {
        try (FilterNode node = FilterNode.create(mode).withHint()) {
            PacketFilter filter = filter(node);
            desire(filter, V4);
            filter.apply();
            List<String> good = node.save(V4);
            filter.queueResync();
            filter.apply();
            String tampered =
                    node.rules(V4, TableName.FILTER, "CULVERT-FORWARD").get(1).replace("cv", "ab");
            node.restore(
                    V4,
                    """
                    *nat
                    -F POSTROUTING
                    -F CULVERT-MASQ
                    -I CULVERT-HOSTPORT 1 -j RETURN
                    COMMIT
                    *filter
                    -D FORWARD 1
                    -A FORWARD -j CULVERT-FORWARD
                    -R CULVERT-FORWARD 2 %s
                    :CULVERT-EXTRA - [0:0]
                    COMMIT
                    """
                            .formatted(tampered));
            node.ipset("add", set(V4), "192.0.2.0/24");
            filter.queueResync();
            assertThat(filter.apply().repaired())
                    .containsExactlyInAnyOrder(
                            "set CULVERT-PODS-4",
                            "chain CULVERT-MASQ of table nat",
                            "chain CULVERT-HOSTPORT of table nat",
                            "chain POSTROUTING of table nat",
                            "chain CULVERT-FORWARD of table filter",
                            "chain FORWARD of table filter",
                            "chain CULVERT-EXTRA of table filter");
            node.restore(V4, "*filter\n-D FORWARD -j CULVERT-FORWARD\nCOMMIT\n");
            assertThat(node.save(V4)).isEqualTo(good);
            assertThat(node.ipset("list", set(V4))).doesNotContain("192.0.2.0");
        }
    }

    @ParameterizedTest
    @EnumSource
    void aBrokenRuleIsRefusedWholeWithItsLine(IptablesMode mode) throws Exception {
        try (FilterNode node = FilterNode.create(mode).withHint()) {
            PacketFilter filter = filter(node);
            desire(filter, V4);
            filter.apply();
            List<String> before = node.save(V4);
            Table table = filter.table(V4, TableName.FILTER);
            table.setChain(Chain.of("CULVERT-NEW", Rule.of("-j", "ACCEPT")));
            table.setChain(Chain.of("CULVERT-POLICY", Rule.of("--no-such-option", "-j", "DROP")));
            assertThatThrownBy(filter::apply)
                    .isInstanceOf(IptablesException.class)
                    .hasMessageContaining("-A CULVERT-POLICY --no-such-option")
                    .hasMessageContaining("unknown option")
                    .extracting(e -> ((IptablesException) e).line())
                    .asString()
                    .startsWith("-A CULVERT-POLICY");
            assertThat(node.save(V4)).isEqualTo(before);
            table.setChain(Chain.of("CULVERT-POLICY", Rule.matching().sourceInSet("NONE").drop()));
            assertThatThrownBy(filter::apply)
                    .hasMessageContaining("match-set NONE")
                    .hasMessageContaining("names a set that does not exist");
            table.setChain(Chain.of("CULVERT-POLICY", Rule.matching().jump("CULVERT-GONE")));
            assertThatThrownBy(filter::apply).hasMessageContaining("-j CULVERT-GONE");
            assertThat(node.save(V4)).isEqualTo(before);
            desire(filter, V4);
            table.removeChain("CULVERT-NEW");
            filter.apply();
            assertThat(node.save(V4)).isEqualTo(before);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aScriptThatIsCutOffChangesNothingOfItsTable(IptablesMode mode) throws Exception {
        try (FilterNode node = FilterNode.create(mode).withHint()) {
            PacketFilter filter = filter(node);
            desire(filter, V4);
            filter.apply();
            List<String> before = node.save(V4);
            RestoreScript script = new RestoreScript();
            script.table(TableName.FILTER);
            script.flush("CULVERT-FORWARD");
            script.append("CULVERT-POLICY", "-j DROP");
            script.commit();
            String text = script.text();
            for (String part : List.of("COMMIT", "-A CULVERT", "-F CULV")) {
                IptablesCommand.Result result =
                        node.command()
                                .run(
                                        List.of(mode.restoreProgram(V4), "--noflush", "-w", "30"),
                                        text.substring(0, text.indexOf(part)));
                assertThat(result.status()).as("cut at %s", part).isNotZero();
                assertThat(node.save(V4)).isEqualTo(before);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void endsWithExactlyWhatIsWantedWhateverCameBefore(IptablesMode mode) throws Exception {
        try (FilterNode node = FilterNode.create(mode).withHint()) {
            FilterNode fresh = node.another().withHint();
            Random random = new Random(20260401L);
            PacketFilter filter = new PacketFilter(node.command(), EnumSet.of(V4));
            Table table = filter.table(V4, TableName.FILTER);
            List<Chain> wanted = List.of();
            for (int round = 0; round < 20; round++) {
                wanted = chains(random);
                Set<String> names = Set.copyOf(wanted.stream().map(Chain::name).toList());
                wanted.forEach(table::setChain);
                table.chainNames().stream()
                        .filter(name -> !names.contains(name))
                        .forEach(table::removeChain);
                filter.apply();
                if (round % 4 == 3) {
                    filter.queueResync();
                    assertThat(filter.apply().lines()).isZero();
                }
            }
            StringBuilder byHand = new StringBuilder("*filter\n");
            wanted.forEach(chain -> byHand.append(":%s - [0:0]\n".formatted(chain.name())));
            for (Chain chain : wanted) {
                chain.rules()
                        .forEach(r -> byHand.append("-A " + chain.name() + " " + r.line() + "\n"));
            }
            fresh.restore(V4, byHand + "COMMIT\n");
            assertThat(ours(node)).isEqualTo(ours(fresh)).isNotEmpty();
        }
    }

    private static List<String> ours(FilterNode node) throws Exception {
        return node.save(V4).stream().filter(line -> line.contains("CULVERT-")).sorted().toList();
    }

    private static List<Chain> chains(Random random) {
        List<Chain> chains = new ArrayList<>();
        for (int number = 0; number < 6; number++) {
            if (random.nextInt(5) > 0) {
                List<Rule> rules =
                        IntStream.range(0, random.nextInt(12))
                                .mapToObj(_ -> anyRule(random))
                                .toList();
                chains.add(new Chain("CULVERT-" + number, rules));
            }
        }
        return chains;
    }

    private static Rule anyRule(Random random) {
        RuleBuilder rule = Rule.matching();
        if (random.nextBoolean()) {
            rule.source(Cidr.ofHost(IpAddresses.parse("10.0.0." + random.nextInt(4))));
        }
        if (random.nextBoolean()) {
            Protocol[] protocols = Protocol.values();
            rule.protocol(protocols[random.nextInt(protocols.length)])
                    .destinationPort(1 + random.nextInt(4));
        }
        return random.nextBoolean() ? rule.comment("pod a/b").accept() : rule.goBack();
    }

    @ParameterizedTest
    @EnumSource
    void othersWhoWriteAtTheSameTimeLoseNothing(IptablesMode mode) throws Exception {
        try (FilterNode node = FilterNode.create(mode).withHint()) {
            PacketFilter filter = filter(node);
            desire(filter, V4);
            filter.apply();
            List<String> theirs = new ArrayList<>();
            for (int i = 0; i < 15; i++) {
                theirs.add("-s 192.0.2." + i + "/32 -j RETURN");
            }
            Thread other = Thread.ofPlatform().start(() -> insertEach(node, theirs));
            Table table = filter.table(V4, TableName.FILTER);
            int round = 0;
            while (other.isAlive() || round < 3) {
                table.setChain(
                        Chain.of(
                                "CULVERT-POLICY",
                                Rule.of("-p", "tcp", "--dport", "" + (1 + round), "-j", "DROP")));
                table.setRules(
                        "FORWARD",
                        round % 2 == 0 ? Place.LAST : Place.after("NOBODY"),
                        round % 3 == 0 ? List.of() : List.of(Rule.of("-j", "CULVERT-POLICY")));
                if (round % 2 == 0) {
                    filter.queueResync();
                }
                filter.apply();
                round++;
            }
            other.join();
            desire(filter, V4);
            table.setRules("FORWARD", Place.LAST, List.of());
            table.setRules("FORWARD", Place.after("NOBODY"), List.of());
            filter.queueResync();
            filter.apply();
            List<String> forward = node.rules(V4, TableName.FILTER, "FORWARD");
            assertThat(forward.getFirst()).contains("-j CULVERT-FORWARD");
            assertThat(forward.subList(1, forward.size())).isEqualTo(theirs.reversed());
        }
    }

    private static void insertEach(FilterNode node, List<String> rules) {
        try {
            for (String rule : rules) {
                node.restore(V4, "*filter\n-I FORWARD 1 " + rule + "\nCOMMIT\n");
            }
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }
}
