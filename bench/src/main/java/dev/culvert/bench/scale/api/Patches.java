package dev.culvert.bench.scale.api;

import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Merge patches of RFC 7386, and those that merge some lists by a key. Stateless.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc7386">RFC 7386</a>
 */
final class Patches {
    private static final JsonMapper JSON = new JsonMapper();

    /** Lists of a Node's status whose elements are told apart by their type. */
    private static final Set<String> BY_TYPE = Set.of("conditions", "addresses");

    private Patches() {}

    /** The body with a patch applied. */
    static ApiObject.Body apply(ApiObject.Body body, JsonNode patch, boolean strategic) {
        JsonNode merged = merge(JSON.readTree(body.json(0)), patch, strategic);
        if (!(merged instanceof ObjectNode object)) {
            throw new IllegalArgumentException("a patch must be an object");
        }
        return version -> withVersion(object, version);
    }

    private static String withVersion(ObjectNode object, long version) {
        ObjectNode copy = object.deepCopy();
        copy.withObject("metadata").put("resourceVersion", Long.toString(version));
        return JSON.writeValueAsString(copy);
    }

    static JsonNode read(String text) throws ApiStatus {
        try {
            return JSON.readTree(text);
        } catch (tools.jackson.core.JacksonException e) {
            throw ApiStatus.badRequest("the body is no JSON");
        }
    }

    private static JsonNode merge(JsonNode target, JsonNode patch, boolean strategic) {
        if (!(patch instanceof ObjectNode changes)) {
            return patch;
        }
        ObjectNode result = target instanceof ObjectNode object ? object : JSON.createObjectNode();
        changes.forEachEntry(
                (name, value) -> {
                    if (value.isNull()) {
                        result.remove(name);
                    } else if (strategic
                            && BY_TYPE.contains(name)
                            && value instanceof ArrayNode items) {
                        result.set(name, byType(result.path(name), items));
                    } else {
                        result.set(name, merge(result.path(name), value, strategic));
                    }
                });
        return result;
    }

    private static ArrayNode byType(JsonNode present, ArrayNode changes) {
        ArrayNode result = JSON.createArrayNode();
        for (JsonNode old : present) {
            JsonNode changed = find(changes, old.path("type").asString(""));
            result.add(changed == null ? old : merge(old, changed, true));
        }
        for (JsonNode change : changes) {
            if (find(result, change.path("type").asString("")) == null) {
                result.add(change);
            }
        }
        return result;
    }

    private static @org.jspecify.annotations.Nullable JsonNode find(ArrayNode items, String type) {
        for (JsonNode item : items) {
            if (item.path("type").asString("").equals(type)) {
                return item;
            }
        }
        return null;
    }
}
