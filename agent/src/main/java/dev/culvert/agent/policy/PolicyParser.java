package dev.culvert.agent.policy;

import dev.culvert.agent.policy.Fields.Invalid;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/**
 * Reads NetworkPolicy objects, version {@code networking.k8s.io/v1}, as strictly as the API's own
 * validation. Stateless, any thread.
 *
 * <p>What cannot be understood isolates the pods that the policy is about, in the directions that
 * it names: all pods of its namespace, or both directions, where that is not clear either.
 *
 * @see <a
 *     href="https://kubernetes.io/docs/reference/kubernetes-api/policy-resources/network-policy-v1/">
 *     NetworkPolicy</a>
 */
public final class PolicyParser {
    private static final Set<Direction> BOTH = EnumSet.allOf(Direction.class);

    private PolicyParser() {}

    /**
     * The policy in this object, whose name and namespace are valid.
     *
     * @return what it says, or what is in force instead together with the problem
     */
    public static NetworkPolicyInfo parse(JsonNode object) {
        JsonNode metadata = object.path("metadata");
        Reading reading = new Reading(new Fields("spec", object.path("spec")));
        PolicySpec spec = reading.spec();
        return new NetworkPolicyInfo(
                metadata.path("namespace").asString(""),
                metadata.path("name").asString(""),
                metadata.path("uid").asString(""),
                spec,
                reading.problem);
    }

    /** One reading of one policy, which goes on behind a problem. One thread. */
    private static final class Reading {
        private final Fields fields;
        private String problem = "";

        Reading(Fields fields) {
            this.fields = fields;
        }

        PolicySpec spec() {
            LabelSelector pods = pods();
            Set<Direction> directions = directions();
            List<PolicyRule> ingress = rules("ingress", "from");
            List<PolicyRule> egress = rules("egress", "to");
            return problem.isEmpty()
                    ? new PolicySpec(pods, directions, ingress, egress)
                    : PolicySpec.isolating(pods, directions);
        }

        private LabelSelector pods() {
            try {
                Fields selector = fields.object().field("podSelector");
                return selector.isAbsent() ? LabelSelector.ALL : SelectorParser.parse(selector);
            } catch (Invalid e) {
                note(e);
                return LabelSelector.ALL;
            }
        }

        private Set<Direction> directions() {
            try {
                if (!fields.json().isObject()) {
                    return BOTH;
                }
                Set<Direction> named = EnumSet.noneOf(Direction.class);
                for (Fields each : fields.field("policyTypes").items()) {
                    named.add(direction(each));
                }
                return named.isEmpty() ? byDefault() : named;
            } catch (Invalid e) {
                note(e);
                return BOTH;
            }
        }

        /** The API's: egress only if there is a rule about it. */
        private Set<Direction> byDefault() {
            JsonNode egress = fields.field("egress").json();
            return egress.isMissingNode()
                            || egress.isNull()
                            || (egress.isArray() && egress.isEmpty())
                    ? EnumSet.of(Direction.INGRESS)
                    : BOTH;
        }

        private static Direction direction(Fields field) throws Invalid {
            return switch (field.text()) {
                case "Ingress" -> Direction.INGRESS;
                case "Egress" -> Direction.EGRESS;
                default ->
                        throw field.invalid(
                                "is %s, neither Ingress nor Egress".formatted(field.shown()));
            };
        }

        private List<PolicyRule> rules(String field, String peers) {
            try {
                return RuleParser.parse(fields.field(field), peers);
            } catch (Invalid e) {
                note(e);
                return List.of();
            }
        }

        /** The first one is told. */
        private void note(Invalid trouble) {
            if (problem.isEmpty()) {
                problem = String.valueOf(trouble.getMessage());
            }
        }
    }
}
