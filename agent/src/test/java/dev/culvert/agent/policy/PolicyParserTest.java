package dev.culvert.agent.policy;

import static dev.culvert.agent.policy.Direction.EGRESS;
import static dev.culvert.agent.policy.Direction.INGRESS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.agent.policy.LabelRequirement.Operator;
import dev.culvert.iptables.Protocol;
import dev.culvert.net.Cidr;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.json.JsonMapper;

class PolicyParserTest {
    private static final JsonMapper JSON = new JsonMapper();
    private static final LabelSelector WEB =
            new LabelSelector(
                    List.of(
                            new LabelRequirement(
                                    "app", Operator.IN, new TreeSet<>(List.of("web")))));

    @Test
    void readsAWholePolicy() {
        NetworkPolicyInfo policy =
                parse(
                        """
                        podSelector: {matchLabels: {app: web}}, policyTypes: [Ingress, Egress],
                        ingress: [{
                          from: [{podSelector: {}},
                                 {namespaceSelector: {matchLabels: {app: web}}},
                                 {namespaceSelector: {}, podSelector: {matchLabels: {app: web}}},
                                 {ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}}],
                          ports: [{port: 80}, {protocol: UDP, port: dns},
                                  {protocol: SCTP}, {port: 90, endPort: 99}, {}]}],
                        egress: [{to: [{ipBlock: {cidr: '2001:db8::/32'}}]}]
                        """);
        assertThat(policy.problem()).isEmpty();
        assertThat(policy.key()).isEqualTo("shop/policy");
        assertThat(policy.uid()).isEqualTo("7");
        PolicySpec spec = policy.spec();
        assertThat(spec.pods()).isEqualTo(WEB);
        assertThat(spec.directions()).containsExactlyInAnyOrder(INGRESS, EGRESS);
        assertThat(spec.ingress())
                .containsExactly(
                        new PolicyRule(
                                List.of(
                                        new PolicyPeer.Pods(null, LabelSelector.ALL),
                                        new PolicyPeer.Pods(WEB, LabelSelector.ALL),
                                        new PolicyPeer.Pods(LabelSelector.ALL, WEB),
                                        new PolicyPeer.Block(
                                                Cidr.parse("10.0.0.0/8"),
                                                List.of(Cidr.parse("10.1.0.0/16")))),
                                List.of(
                                        PolicyPort.range(Protocol.TCP, 80, 80),
                                        PolicyPort.named(Protocol.UDP, "dns"),
                                        PolicyPort.all(Protocol.SCTP),
                                        PolicyPort.range(Protocol.TCP, 90, 99),
                                        PolicyPort.all(Protocol.TCP))));
        assertThat(spec.rules(EGRESS))
                .containsExactly(
                        new PolicyRule(
                                List.of(
                                        new PolicyPeer.Block(
                                                Cidr.parse("2001:db8::/32"), List.of())),
                                List.of()));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "podSelector: {} | INGRESS",
                "podSelector: {}, egress: [] | INGRESS",
                "podSelector: {}, egress: null | INGRESS",
                "podSelector: {}, egress: [{}] | INGRESS EGRESS",
                "podSelector: {}, policyTypes: [], egress: [{}] | INGRESS EGRESS",
                "podSelector: {}, policyTypes: [Egress], ingress: [{}] | EGRESS",
                "podSelector: {}, policyTypes: [Ingress], egress: [{}] | INGRESS",
            })
    void directionsFollowFromTheRulesWhereTheyAreNotNamed(String spec, String directions) {
        assertThat(parse(spec).problem()).isEmpty();
        assertThat(parse(spec).spec().directions())
                .extracting(Direction::name)
                .containsExactlyInAnyOrder(directions.split(" "));
    }

    @Test
    void aMissingListAndAnEmptyOneSayDifferentThings() {
        assertThat(parse("podSelector: {}").spec().ingress()).isEmpty();
        assertThat(parse("podSelector: {}, ingress: []").spec().ingress()).isEmpty();
        PolicyRule everything = new PolicyRule(List.of(), List.of());
        assertThat(parse("podSelector: {}, ingress: [{}]").spec().ingress())
                .containsExactly(everything);
        assertThat(parse("podSelector: {}, ingress: [{from: [], ports: []}]").spec().ingress())
                .containsExactly(everything);
    }

    @Test
    void rulesOfADirectionThatThePolicyIsNotAboutAreNone() {
        PolicySpec spec = parse("podSelector: {}, policyTypes: [Egress], ingress: [{}]").spec();
        assertThat(spec.rules(INGRESS)).isEmpty();
    }

    @Test
    void allOperatorsMeanWhatTheApiSays() {
        assertThat(selected("{key: a, operator: In, values: [x, y]}")).isEqualTo("x");
        assertThat(selected("{key: a, operator: NotIn, values: [x]}")).isEqualTo("z none");
        assertThat(selected("{key: a, operator: Exists}")).isEqualTo("x z");
        assertThat(selected("{key: a, operator: DoesNotExist}")).isEqualTo("none");
        assertThat(selected("{key: a, operator: Exists}, {key: a, operator: NotIn, values: [x]}"))
                .isEqualTo("z");
    }

    @Test
    void selectorsThatSayTheSameAreEqual() {
        assertThat(
                        parse(
                                        "podSelector: {matchExpressions: [{key: b, operator:"
                                                + " Exists}, {key: app, operator: In, values: [web,"
                                                + " web]}]}")
                                .spec()
                                .pods())
                .isEqualTo(
                        parse(
                                        "podSelector: {matchLabels: {app: web}, matchExpressions:"
                                                + " [{key: b, operator: Exists}]}")
                                .spec()
                                .pods());
    }

    @Test
    void aNetworkWithHostBitsIsTheNetwork() {
        NetworkPolicyInfo policy =
                parse("podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.1.2.3/8}}]}]");
        assertThat(policy.spec().ingress().getFirst().peers())
                .containsExactly(new PolicyPeer.Block(Cidr.parse("10.0.0.0/8"), List.of()));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "from: [{}] | spec.ingress[0].from[0] names nobody",
                "from: [null] | spec.ingress[0].from[0] is no object",
                "from: {} | spec.ingress[0].from is no list",
                "from: [{ipBlock: {cidr: 10.0.0.0/8}, podSelector: {}}] | ipBlock together",
                "from: [{ipBlock: {}}] | spec.ingress[0].from[0].ipBlock.cidr is missing",
                "from: [{ipBlock: {cidr: 10.0.0.0/33}}] | ipBlock.cidr is '10.0.0.0/33', whose",
                "from: [{ipBlock: {cidr: 10.0.0.1}}] | ipBlock.cidr is '10.0.0.1', which is no",
                "from: [{ipBlock: {cidr: example.org/8}}] | 'example.org' is not an IP address",
                "from: [{ipBlock: {cidr: 10.0.0.0/8, except: [11.0.0.0/16]}}] | except[0] is 11",
                "from: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.0.0.0/8]}}] | except[0] is 10",
                "from: [{ipBlock: {cidr: 10.0.0.0/8, except: ['fd00::/16']}}] | except[0] is fd",
                "from: [{podSelector: {matchLabels: []}}] | podSelector.matchLabels is no object",
                "ports: [{protocol: tcp}] | spec.ingress[0].ports[0].protocol is 'tcp'",
                "ports: [{port: 0}] | ports[0].port is 0, which is not from 1 to 65535",
                "ports: [{port: 65536}] | ports[0].port is 65536",
                "ports: [{port: 1.5}] | ports[0].port is '1.5', which is no port",
                "ports: [{port: '80'}] | ports[0].port is '80', which is no name of a port",
                "ports: [{port: Web}] | ports[0].port is 'Web', which is no name of a port",
                "ports: [{port: a--b}] | ports[0].port is 'a--b', which is no name of a port",
                "ports: [{port: 90, endPort: 80}] | endPort is 80, which is less than the port",
                "ports: [{port: web, endPort: 80}] | endPort needs a port that is a number",
                "ports: [{endPort: 80}] | endPort needs a port that is a number",
            })
    void whatCannotBeUnderstoodIsolatesThePodsItIsAbout(String rule, String problem) {
        NetworkPolicyInfo policy =
                parse(
                        "podSelector: {matchLabels: {app: web}}, policyTypes: [Ingress],"
                                + " ingress: [{%s}]".formatted(rule));
        assertThat(policy.problem()).contains(problem).contains("spec.ingress[0]");
        assertThat(policy.isUnderstood()).isFalse();
        assertThat(policy.spec()).isEqualTo(PolicySpec.isolating(WEB, List.of(INGRESS)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{key: a, operator: Like, values: [x]}",
                "{key: a, operator: In}",
                "{key: a, operator: NotIn, values: []}",
                "{key: a, operator: Exists, values: [x]}",
                "{operator: Exists}",
                "{key: a}",
                "7",
            })
    void aPodSelectorThatCannotBeUnderstoodIsolatesTheNamespace(String expression) {
        NetworkPolicyInfo policy =
                parse(
                        "podSelector: {matchExpressions: [%s]}, policyTypes: [Egress], egress: [{}]"
                                .formatted(expression));
        assertThat(policy.problem()).startsWith("spec.podSelector.matchExpressions[0]");
        assertThat(policy.spec())
                .isEqualTo(PolicySpec.isolating(LabelSelector.ALL, List.of(EGRESS)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"policyTypes: [Ingres]", "policyTypes: Ingress", "egress: 7"})
    void unclearDirectionsAreBoth(String field) {
        NetworkPolicyInfo policy = parse("podSelector: {}, " + field);
        assertThat(policy.problem()).isNotEmpty();
        assertThat(policy.spec().directions()).containsExactlyInAnyOrder(INGRESS, EGRESS);
    }

    @Test
    void aPolicyWithoutASpecIsolatesTheNamespace() {
        NetworkPolicyInfo policy =
                PolicyParser.parse(
                        JSON.readTree("{\"metadata\":{\"namespace\":\"n\",\"name\":\"p\"}}"));
        assertThat(policy.problem()).startsWith("spec is no object");
        assertThat(policy.spec().pods()).isEqualTo(LabelSelector.ALL);
        assertThat(policy.spec().directions()).hasSize(2);
    }

    /** Which of the values x and z of label a are selected, and whether a pod without it is. */
    private static String selected(String expressions) {
        NetworkPolicyInfo policy =
                parse("podSelector: {matchExpressions: [%s]}".formatted(expressions));
        assertThat(policy.problem()).isEmpty();
        LabelSelector pods = policy.spec().pods();
        return ((pods.matches(Map.of("a", "x")) ? "x " : "")
                        + (pods.matches(Map.of("a", "z")) ? "z " : "")
                        + (pods.matches(Map.of("b", "x")) ? "none" : ""))
                .strip();
    }

    private static NetworkPolicyInfo parse(String spec) {
        String metadata = "metadata: {namespace: shop, name: policy, uid: '7'}";
        return PolicyParser.parse(TestYaml.read("{%s, spec: {%s}}".formatted(metadata, spec)));
    }
}
