package dev.culvert.agent.kube;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;

/** Reads fields of the API's objects without trusting any. Stateless. */
final class JsonFields {
    /** RFC 1123's subdomain, which is what the API allows for names of Nodes and Pods. */
    private static final Pattern NAME =
            Pattern.compile("[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*+");

    private static final int LONGEST_NAME = 253;

    /** More of anything that we read is no list that the API would give. */
    private static final int MOST_ITEMS = 64;

    private JsonFields() {}

    /**
     * {@code metadata.FIELD}, which must be a name.
     *
     * @throws IllegalArgumentException when it is not
     */
    static String name(JsonNode object, String field) {
        JsonNode value = object.path("metadata").path(field);
        if (!value.isString() || value.asString().isEmpty()) {
            throw new IllegalArgumentException("it has no metadata." + field);
        }
        String name = value.asString();
        if (name.length() > LONGEST_NAME || !NAME.matcher(name).matches()) {
            throw new IllegalArgumentException(
                    "metadata.%s is %s, which is no valid name"
                            .formatted(field, Oddities.quote(name)));
        }
        return name;
    }

    /** {@code namespace/name}, both of which must be names. */
    static String key(JsonNode object) {
        return name(object, "namespace") + "/" + name(object, "name");
    }

    /** {@code metadata.labels}; what is no text among them is left out. */
    static Map<String, String> labels(JsonNode object) {
        Map<String, String> labels = new HashMap<>();
        for (Map.Entry<String, JsonNode> each :
                object.path("metadata").path("labels").properties()) {
            if (each.getValue().isString()) {
                labels.put(each.getKey(), each.getValue().asString());
            }
        }
        return labels;
    }

    /** A text, or empty where there is none. */
    static String text(JsonNode value) {
        return value.isString() ? value.asString() : "";
    }

    /** The texts of an array; whatever else is in it, or instead of it, is reported. */
    static List<String> texts(JsonNode array, String field, Report report) {
        List<String> texts = new ArrayList<>();
        for (JsonNode each : items(array, field, report)) {
            if (each.isString() && !each.asString().isEmpty()) {
                texts.add(each.asString());
            } else {
                report.absurd(field + " holds something that is no text");
            }
        }
        return texts;
    }

    /** The members of an array, nothing where there is none; anything else is reported. */
    static List<JsonNode> items(JsonNode array, String field, Report report) {
        if (array.isMissingNode() || array.isNull()) {
            return List.of();
        }
        if (!array.isArray() || array.size() > MOST_ITEMS) {
            report.absurd(
                    field
                            + (array.isArray()
                                    ? " has " + array.size() + " members"
                                    : " is no list"));
            return List.of();
        }
        return List.copyOf(array.asArray().values().stream().toList());
    }

    /** Takes note of what is wrong with an object. */
    @FunctionalInterface
    interface Report {
        void absurd(String what);
    }
}
