package dev.culvert.charts;

import java.io.IOException;
import java.nio.file.Files;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BiConsumer;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** {@code values.schema.json}. Immutable, any thread. */
final class Schema {
    private static final JsonMapper JSON = new JsonMapper();

    private final JsonNode root;

    private Schema(JsonNode root) {
        this.root = root;
    }

    static Schema ours() throws IOException {
        return new Schema(
                JSON.readTree(Files.readString(Chart.file("charts/culvert/values.schema.json"))));
    }

    /** Every value by its path with dots: what has no named properties of its own. */
    Map<String, JsonNode> leaves() {
        Map<String, JsonNode> leaves = new LinkedHashMap<>();
        walk(
                "",
                root,
                (path, node) -> {
                    if (!node.has("properties")) {
                        leaves.put(path, node);
                    }
                });
        return leaves;
    }

    /** Every value and every group of values. */
    void forEach(BiConsumer<String, JsonNode> each) {
        walk("", root, each);
    }

    private static void walk(String path, JsonNode node, BiConsumer<String, JsonNode> each) {
        if (!path.isEmpty()) {
            each.accept(path, node);
        }
        node.path("properties")
                .properties()
                .forEach(
                        inner ->
                                walk(
                                        path.isEmpty()
                                                ? inner.getKey()
                                                : path + "." + inner.getKey(),
                                        inner.getValue(),
                                        each));
    }

    JsonNode at(String path) {
        JsonNode node = root;
        for (String key : path.split("\\.", -1)) {
            node = node.path("properties").path(key);
        }
        return node;
    }

    /** A value as Java's plain types. */
    static Object plain(JsonNode value) {
        return JSON.convertValue(value, Object.class);
    }
}
