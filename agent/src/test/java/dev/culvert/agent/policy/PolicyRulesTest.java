package dev.culvert.agent.policy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.agent.policy.World.Packet;
import dev.culvert.iptables.PacketFilter;
import dev.culvert.iptables.Protocol;
import dev.culvert.net.IpAddresses;
import dev.culvert.net.IpFamily;
import java.io.IOException;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What generated clusters do not show; see {@link PolicyRulesOracleTest} for all else. */
class PolicyRulesTest {
    private static final String WEB = "10.0.0.1";
    private static final String CLIENT = "10.0.1.1";
    private static final Packet REQUEST = new Packet(CLIENT, WEB, "TCP", 80);
    private static final Packet ANSWER = new Packet(WEB, CLIENT, "TCP", 40000);

    private final PolicyState state = new PolicyState();
    private final WatchedKernel kernel = new WatchedKernel();
    private PolicyRules rules = new PolicyRules(state, EnumSet.allOf(IpFamily.class));
    private PacketFilter filter = new PacketFilter(kernel, EnumSet.allOf(IpFamily.class));

    @Test
    void withoutAPolicyThereIsNothing() throws IOException {
        attach();
        apply();
        assertThat(kernel.content()).isEmpty();
        assertThat(rules.isolatedPods()).isZero();
    }

    @Test
    void afterTheLastPolicyThereIsNothing() throws IOException {
        attach();
        put("policy", "podSelector: {}, ingress: [{from: [{podSelector: {}}]}]");
        apply();
        assertThat(kernel.content()).isNotEmpty();
        state.removePolicy("shop/policy");
        apply();
        assertThat(kernel.content()).isEmpty();
    }

    @Test
    void aRestartedAgentWritesNothing() throws IOException {
        attach();
        putClient(Map.of("app", "client"));
        put("policy", "podSelector: {}, ingress: [{from: [{podSelector: {}}], ports: [{}]}]");
        apply();
        List<String> before = kernel.content();
        rules = new PolicyRules(state, EnumSet.allOf(IpFamily.class));
        filter = new PacketFilter(kernel, EnumSet.allOf(IpFamily.class));
        PolicyState again = new PolicyState();
        attach(again);
        putClient(again, Map.of("app", "client"));
        again.putPolicy(state.policies().iterator().next());
        new PolicyRules(again, EnumSet.allOf(IpFamily.class)).render(filter);
        int changes = kernel.changes();
        filter.apply();
        assertThat(kernel.changes()).isEqualTo(changes);
        assertThat(kernel.content()).isEqualTo(before);
    }

    @Test
    void anAttachedPodIsClosedUntilItsLabelsAreKnown() throws IOException {
        state.putLocal("shop", "web", World.parsed(List.of(WEB)));
        apply();
        assertThat(passes(REQUEST)).isTrue();
        put("policy", "podSelector: {matchLabels: {app: other}}");
        apply();
        assertThat(state.isKnown("shop/web")).isFalse();
        assertThat(passes(REQUEST)).isFalse();
        assertThat(passes(ANSWER)).isFalse();
        putWeb(state);
        apply();
        assertThat(passes(REQUEST)).isTrue();
    }

    @Test
    void aPodsChangeWritesTheSetsItIsInAndNothingElse() throws IOException {
        attach();
        put("policy", "podSelector: {}, ingress: [{from: [{podSelector: {matchLabels: {a: b}}}]}]");
        apply();
        int changes = kernel.changes();
        putClient(Map.of("a", "b"));
        apply();
        assertThat(kernel.changes()).isEqualTo(changes + 1);
        putClient(Map.of("a", "b", "c", "d"));
        apply();
        assertThat(kernel.changes()).isEqualTo(changes + 1);
        assertThat(passes(REQUEST)).isTrue();
    }

    @Test
    void whatARuleDidNotAllowIsNotLetThroughByALabelThatComesWhenTheRuleGoes() throws IOException {
        attach();
        putClient(Map.of());
        put("policy", "podSelector: {}, ingress: [{from: [{podSelector: {matchLabels: {a: b}}}]}]");
        apply();
        kernel.observe(() -> assertThat(passes(REQUEST)).isFalse());
        putClient(Map.of("a", "b"));
        put(
                "policy",
                "podSelector: {}, ingress: [{from: [{podSelector: {matchLabels: {a: b}}}],"
                        + " ports: [{port: 81}]}]");
        int changes = kernel.changes();
        apply();
        assertThat(kernel.changes()).isGreaterThan(changes);
    }

    @Test
    void whatEachEndForbidsInTurnIsNotLetThroughWhenANamespaceChanges() throws IOException {
        state.putNamespace(new PolicyNamespace("shop", Map.of("stage", "prod")));
        attach();
        state.putLocal("shop", "client", World.parsed(List.of(CLIENT)));
        putClient(Map.of("app", "client"));
        put(
                "out",
                "podSelector: {matchLabels: {app: client}}, policyTypes: [Egress], egress:"
                        + " [{to: [{namespaceSelector: {matchLabels: {stage: prod}}}]}]");
        put(
                "in",
                "podSelector: {matchLabels: {app: web}}, ingress:"
                        + " [{from: [{namespaceSelector: {matchLabels: {stage: test}}}]}]");
        apply();
        kernel.observe(() -> assertThat(passes(REQUEST)).isFalse());
        int changes = kernel.changes();
        state.putNamespace(new PolicyNamespace("shop", Map.of("stage", "test")));
        apply();
        assertThat(kernel.changes()).isGreaterThan(changes);
    }

    @Test
    void whoMovesFromOneAllowedSelectionToAnotherIsNeverCutOff() throws IOException {
        attach();
        put(
                "policy",
                "podSelector: {}, ingress: [{from: [{podSelector: {matchLabels: {a: b}}},"
                        + " {podSelector: {matchLabels: {a: c}}}]}]");
        for (String label : List.of("b", "c", "b", "c")) {
            putClient(Map.of("a", label));
            apply();
            kernel.observe(() -> assertThat(passes(REQUEST)).isTrue());
        }
        assertThat(passes(REQUEST)).isTrue();
    }

    @Test
    void anAnswerDoesNotRestartAConnectionThatWasCut() throws IOException {
        attach();
        put("policy", "podSelector: {}");
        apply();
        RuleWalker walker = kernel.walker(false);
        assertThat(walker.passes(ANSWER)).isTrue();
        assertThat(walker.passesWithoutConnection(ANSWER)).isFalse();
    }

    @Test
    void aNamespaceWhoseLabelsAreNotKnownIsChosenOnlyByThoseWhoChooseAll() throws IOException {
        attach();
        putClient(Map.of());
        put("policy", "podSelector: {}, ingress: [{from: [{namespaceSelector: {}}]}]");
        apply();
        assertThat(passes(REQUEST)).isTrue();
        put(
                "policy",
                "podSelector: {}, ingress: [{from: [{namespaceSelector:"
                        + " {matchExpressions: [{key: a, operator: DoesNotExist}]}}]}]");
        apply();
        assertThat(passes(REQUEST)).isFalse();
        state.putNamespace(new PolicyNamespace("shop", Map.of()));
        apply();
        assertThat(passes(REQUEST)).isTrue();
    }

    @Test
    void oneFamilyIsEnough() throws IOException {
        Set<IpFamily> ipv4 = EnumSet.of(IpFamily.IPV4);
        rules = new PolicyRules(state, ipv4);
        filter = new PacketFilter(kernel, ipv4);
        attach();
        putClient(Map.of());
        put("policy", "podSelector: {}, ingress: [{from: [{ipBlock: {cidr: '::/0'}}]}]");
        apply();
        assertThat(passes(REQUEST)).isFalse();
    }

    @Test
    void aVerdictNamesThePolicies() {
        attach();
        put("policy", "podSelector: {}, ingress: [{ports: [{port: 80}]}]");
        PolicyVerdict allowed = verdict(80);
        assertThat(allowed.allowed()).isTrue();
        assertThat(allowed.policies()).containsExactly("shop/policy");
        PolicyVerdict denied = verdict(81);
        assertThat(denied.allowed()).isFalse();
        assertThat(denied.reason())
                .isEqualTo("ingress to shop/web is allowed by none of shop/policy");
    }

    private PolicyVerdict verdict(int port) {
        return state.verdict(IpAddresses.parse(CLIENT), IpAddresses.parse(WEB), Protocol.TCP, port);
    }

    private boolean passes(Packet packet) {
        return kernel.walker(false).passes(packet);
    }

    private void apply() throws IOException {
        rules.render(filter);
        filter.apply();
    }

    private void attach() {
        attach(state);
    }

    private static void attach(PolicyState to) {
        to.putLocal("shop", "web", World.parsed(List.of(WEB)));
        putWeb(to);
    }

    private static void putWeb(PolicyState to) {
        to.putPod(pod("web", Map.of("app", "web"), WEB));
    }

    private void putClient(Map<String, String> labels) {
        putClient(state, labels);
    }

    private static void putClient(PolicyState to, Map<String, String> labels) {
        to.putPod(pod("client", labels, CLIENT));
    }

    private static PolicyPod pod(String name, Map<String, String> labels, String address) {
        return new PolicyPod(
                "shop", name, 0, labels, World.parsed(List.of(address)), List.of(), false, false);
    }

    private void put(String name, String spec) {
        String text = "{metadata: {namespace: shop, name: %s}, spec: {%s}}".formatted(name, spec);
        state.putPolicy(PolicyParser.parse(TestYaml.read(text)));
    }
}
