package dev.culvert.bench.policy;

import dev.culvert.agent.policy.Direction;
import dev.culvert.agent.policy.LabelRequirement;
import dev.culvert.agent.policy.LabelSelector;
import dev.culvert.agent.policy.NetworkPolicyInfo;
import dev.culvert.agent.policy.PolicyPeer;
import dev.culvert.agent.policy.PolicyPort;
import dev.culvert.agent.policy.PolicyRule;
import dev.culvert.agent.policy.PolicySpec;
import dev.culvert.iptables.Protocol;
import dev.culvert.net.Cidr;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** Policies such as teams write for their applications. Stateless. */
final class TeamPolicies {
    private static final int APPLICATIONS = 10;

    private TeamPolicies() {}

    /** The label of an application. */
    static String application(int number) {
        return "app-" + number;
    }

    /**
     * The policy with this number in a namespace.
     *
     * @param team the number of the namespace
     */
    static NetworkPolicyInfo policy(String namespace, int team, int number) {
        int application = number % APPLICATIONS;
        boolean first = number % (2 * APPLICATIONS) < APPLICATIONS;
        PolicySpec spec =
                first
                        ? ingress(application, team)
                        : application % 2 == 0 ? egress(application) : monitoring(application);
        return new NetworkPolicyInfo(
                namespace, "policy-%03d".formatted(number), namespace + number, spec, "");
    }

    /** The next application of the namespace may come in, and clients of another team's. */
    private static PolicySpec ingress(int application, int team) {
        PolicyRule own =
                new PolicyRule(
                        List.of(inNamespace(app((application + 1) % APPLICATIONS))),
                        List.of(
                                PolicyPort.named(Protocol.TCP, "http"),
                                PolicyPort.range(Protocol.UDP, 7000, 7000)));
        PolicyRule other =
                new PolicyRule(
                        List.of(
                                new PolicyPeer.Pods(
                                        selector("team", "t" + (team + 1) % 10),
                                        selector("role", "client")),
                                new PolicyPeer.Pods(selector("stage", "test"), app(application))),
                        List.of(PolicyPort.range(Protocol.TCP, 8443, 8443)));
        return new PolicySpec(
                app(application), Set.of(Direction.INGRESS), List.of(own, other), List.of());
    }

    private static PolicySpec egress(int application) {
        PolicyRule database =
                new PolicyRule(
                        List.of(inNamespace(app((application + 2) % APPLICATIONS))),
                        List.of(PolicyPort.range(Protocol.TCP, 5432, 5432)));
        PolicyRule names =
                new PolicyRule(List.of(), List.of(PolicyPort.range(Protocol.UDP, 53, 53)));
        return new PolicySpec(
                app(application), Set.of(Direction.EGRESS), List.of(), List.of(database, names));
    }

    private static PolicySpec monitoring(int application) {
        PolicyRule rule =
                new PolicyRule(
                        List.of(
                                new PolicyPeer.Block(
                                        Cidr.parse("10.0.0.0/8"),
                                        List.of(Cidr.parse("10.1.0.0/16")))),
                        List.of(PolicyPort.range(Protocol.TCP, 9090, 9099)));
        return new PolicySpec(
                app(application), Set.of(Direction.INGRESS), List.of(rule), List.of());
    }

    /** The same policy, which lets another port through to or from another application. */
    static NetworkPolicyInfo changed(NetworkPolicyInfo policy, int number) {
        PolicySpec spec = policy.spec();
        PolicyRule more =
                new PolicyRule(
                        List.of(inNamespace(app(number % APPLICATIONS))),
                        List.of(PolicyPort.range(Protocol.TCP, 10_000 + number, 10_000 + number)));
        boolean ingress = spec.directions().contains(Direction.INGRESS);
        PolicySpec next =
                new PolicySpec(
                        spec.pods(),
                        spec.directions(),
                        ingress ? with(spec.ingress(), more) : List.of(),
                        ingress ? List.of() : with(spec.egress(), more));
        return new NetworkPolicyInfo(policy.namespace(), policy.name(), policy.uid(), next, "");
    }

    private static List<PolicyRule> with(List<PolicyRule> rules, PolicyRule more) {
        List<PolicyRule> next = new ArrayList<>(rules.subList(0, Math.min(1, rules.size())));
        next.add(more);
        return next;
    }

    private static PolicyPeer inNamespace(LabelSelector pods) {
        return new PolicyPeer.Pods(null, pods);
    }

    private static LabelSelector app(int number) {
        return selector("app", application(number));
    }

    private static LabelSelector selector(String key, String value) {
        return new LabelSelector(
                List.of(
                        new LabelRequirement(
                                key, LabelRequirement.Operator.IN, new TreeSet<>(List.of(value)))));
    }
}
