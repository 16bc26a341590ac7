package dev.culvert.agent.policy;

import dev.culvert.agent.policy.Fields.Invalid;
import dev.culvert.agent.policy.LabelRequirement.Operator;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;

/** Reads {@code LabelSelector}s of the API (meta/v1). Stateless. */
final class SelectorParser {
    private static final Map<String, Operator> OPERATORS =
            Map.of(
                    "In", Operator.IN,
                    "NotIn", Operator.NOT_IN,
                    "Exists", Operator.EXISTS,
                    "DoesNotExist", Operator.DOES_NOT_EXIST);

    private SelectorParser() {}

    /** The selector at {@code fields}, which is there; an empty one chooses everything. */
    static LabelSelector parse(Fields fields) throws Invalid {
        Fields selector = fields.object();
        List<LabelRequirement> requirements = new ArrayList<>();
        Fields labels = selector.field("matchLabels");
        if (!labels.isAbsent()) {
            for (Map.Entry<String, JsonNode> each : labels.object().json().properties()) {
                requirements.add(equal(labels, each.getKey()));
            }
        }
        for (Fields each : selector.field("matchExpressions").items()) {
            requirements.add(expression(each.object()));
        }
        return new LabelSelector(requirements);
    }

    private static LabelRequirement equal(Fields labels, String key) throws Invalid {
        String value = labels.field(key).anyText();
        return new LabelRequirement(key, Operator.IN, new TreeSet<>(List.of(value)));
    }

    private static LabelRequirement expression(Fields fields) throws Invalid {
        String key = fields.field("key").text();
        Operator operator = OPERATORS.get(fields.field("operator").text());
        if (operator == null) {
            throw fields.field("operator")
                    .invalid(
                            "is %s, not In, NotIn, Exists or DoesNotExist"
                                    .formatted(fields.field("operator").shown()));
        }
        SortedSet<String> values = new TreeSet<>();
        for (Fields value : fields.field("values").items()) {
            values.add(value.anyText());
        }
        boolean wanted = operator == Operator.IN || operator == Operator.NOT_IN;
        if (wanted == values.isEmpty()) {
            throw fields.field("values")
                    .invalid(
                            "must %s for the operator %s"
                                    .formatted(
                                            wanted ? "hold a value" : "be empty",
                                            fields.field("operator").shown()));
        }
        return new LabelRequirement(key, operator, values);
    }
}
