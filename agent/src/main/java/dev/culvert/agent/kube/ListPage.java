package dev.culvert.agent.kube;

import java.util.function.Consumer;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A part of a list. Objects are read and handed over one by one, since a page of real Nodes is some
 * megabytes of text and many times that as a tree. Immutable.
 *
 * @param version the version of the whole list
 * @param next where the next page begins; empty for the last
 */
record ListPage(String version, String next) {

    /** Trees are read from the middle of a text here. */
    private static final JsonMapper JSON =
            JsonMapper.builder().disable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();

    /**
     * Reads a page.
     *
     * @param items gets each object
     * @throws ApiException when it is no list
     */
    static ListPage read(byte[] body, Consumer<JsonNode> items) throws ApiException {
        ListPage page = new ListPage("", "");
        try (JsonParser parser = JSON.createParser(body)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw notAList("it is no JSON object");
            }
            while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
                String name = parser.currentName();
                parser.nextToken();
                if (name.equals("items") && parser.currentToken() == JsonToken.START_ARRAY) {
                    readItems(parser, items);
                } else if (name.equals("metadata")) {
                    page = of(JSON.readTree(parser));
                } else {
                    parser.skipChildren();
                }
            }
        } catch (JacksonException e) {
            throw notAList(e.getOriginalMessage());
        }
        if (page.version().isEmpty()) {
            throw notAList("it has no metadata.resourceVersion");
        }
        return page;
    }

    private static void readItems(JsonParser parser, Consumer<JsonNode> items) {
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            items.accept(JSON.readTree(parser));
        }
    }

    private static ListPage of(JsonNode metadata) {
        return new ListPage(
                metadata.path("resourceVersion").asString(""),
                metadata.path("continue").asString(""));
    }

    private static ApiException notAList(String reason) {
        return new ApiException(
                ApiException.NO_STATUS,
                "the answer is no list of objects: " + Oddities.printable(reason));
    }
}
