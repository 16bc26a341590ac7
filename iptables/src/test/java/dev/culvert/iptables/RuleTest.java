package dev.culvert.iptables;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.culvert.net.Cidr;
import dev.culvert.net.IpAddresses;
import dev.culvert.net.MacAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class RuleTest {
    @Test
    void theBuilderWritesTheWordsOfThePrograms() {
        Rule rule =
                Rule.matching()
                        .source(Cidr.parse("10.244.0.0/16"))
                        .notDestination(Cidr.parse("10.0.0.0/8"))
                        .inInterface("cv+")
                        .protocol(Protocol.TCP)
                        .destinationPorts(80, 90)
                        .sourceInSet("CULVERT-A")
                        .notInSet("CULVERT-B", "dst,dst")
                        .notMark(0x4000, 0x4000)
                        .connectionState("NEW", "RELATED")
                        .jump("CULVERT-X");
        assertThat(String.join(" ", rule.arguments()))
                .isEqualTo(
                        "-s 10.244.0.0/16 ! -d 10.0.0.0/8 -i cv+ -p tcp -m tcp --dport 80:90"
                                + " -m set --match-set CULVERT-A src"
                                + " -m set ! --match-set CULVERT-B dst,dst"
                                + " -m mark ! --mark 0x4000/0x4000"
                                + " -m conntrack --ctstate NEW,RELATED -j CULVERT-X");
    }

    @Test
    void translatesToAddressesOfBothFamilies() {
        Rule four =
                Rule.matching()
                        .protocol(Protocol.UDP)
                        .destinationLocal()
                        .translateDestination(IpAddresses.parse("10.1.1.1"), 53);
        Rule six =
                Rule.matching()
                        .protocol(Protocol.SCTP)
                        .notSourceMac(MacAddress.parse("0a:58:0a:00:00:01"))
                        .translateDestination(IpAddresses.parse("fd00::1"), 53);
        assertThat(four.arguments()).endsWith("--to-destination", "10.1.1.1:53");
        assertThat(six.arguments()).endsWith("--to-destination", "[fd00:0:0:0:0:0:0:1]:53");
    }

    @Test
    void longAndShortNamesMakeEqualRules() {
        Rule one = Rule.parse("--source 10.0.0.0/8 --protocol tcp --jump ACCEPT");
        Rule other = Rule.of("-s", "10.0.0.0/8", "-p", "tcp", "-j", "ACCEPT");
        assertThat(one).isEqualTo(other);
        assertThat(one.hash()).isEqualTo(other.hash());
    }

    @Test
    void theHashCoversWordsAndComment() {
        Rule rule = Rule.of("-j", "ACCEPT");
        assertThat(rule.hash()).isNotEqualTo(Rule.of("-j", "DROP").hash());
        assertThat(rule.hash()).isNotEqualTo(rule.withComment("web").hash());
    }

    @Test
    void theHashIsAContract() {
        assertThat(Rule.of("-s", "10.0.0.0/8", "-j", "ACCEPT").withComment("a b").hash().text())
                .isEqualTo("0c65a7b51b317b48");
    }

    @Test
    void theCommentStandsBeforeTheTarget() {
        Rule rule = Rule.of("-p", "tcp", "-j", "DNAT", "--to-destination", "1.1.1.1:80");
        assertThat(rule.withComment("of web").line())
                .isEqualTo(
                        "-p tcp -m comment --comment \"culvert:%s of web\" -j DNAT"
                                        .formatted(rule.withComment("of web").hash())
                                + " --to-destination 1.1.1.1:80");
        assertThat(Rule.of("-p", "tcp").line()).endsWith("--comment " + comment("-p", "tcp"));
    }

    private static String comment(String... words) {
        return "culvert:" + Rule.of(words).hash();
    }

    @Test
    void aCommentKeepsNothingThatNeedsEscapes() {
        Rule rule = Rule.of("-j", "ACCEPT").withComment("it's \"a\\b\" ü\nnew");
        assertThat(rule.comment()).isEqualTo("it_s _a_b_ __new");
        assertThat(Rule.of("-j", "ACCEPT").withComment("x".repeat(500)).comment()).hasSize(200);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "-A CULVERT-X -j ACCEPT",
                "-t nat -j ACCEPT",
                "-s a.example -j ACCEPT",
                "-s 10.0.0.1,10.0.0.2 -j ACCEPT",
                "-d \"\" -j ACCEPT"
            })
    void refusesWhatIsNotOneRule(String line) {
        assertThatThrownBy(() -> Rule.parse(line))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("the rule '");
    }

    @Test
    void refusesLineBreaksInWords() {
        assertThatThrownBy(() -> Rule.of("-j", "ACCEPT\nCOMMIT"))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void portsNeedAProtocolAndARange() {
        assertThatThrownBy(() -> Rule.matching().destinationPort(80))
                .isInstanceOf(IllegalStateException.class);
        RuleBuilder tcp = Rule.matching().protocol(Protocol.TCP);
        assertThatThrownBy(() -> tcp.destinationPort(70000)).hasMessageContaining("70000");
        assertThatThrownBy(() -> tcp.destinationPorts(2, 1)).hasMessageContaining("2 to 1");
    }

    @Test
    void refusesNamesThatTheKernelCannotHold() {
        assertThatThrownBy(() -> Chain.of("CULVERT-" + "X".repeat(30)))
                .hasMessageContaining("too long");
        assertThatThrownBy(() -> Chain.of("KUBE-X")).hasMessageContaining("CULVERT-");
        assertThatThrownBy(() -> Rule.matching().jump("a b")).hasMessageContaining("'a b'");
        assertThatThrownBy(() -> Rule.matching().inInterface("x".repeat(16)))
                .hasMessageContaining("no name of an interface");
    }
}
