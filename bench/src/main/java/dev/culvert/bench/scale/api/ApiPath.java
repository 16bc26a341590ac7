package dev.culvert.bench.scale.api;

import io.netty.handler.codec.http.QueryStringDecoder;
import java.util.Arrays;
import java.util.List;

/**
 * Where a request goes: {@code /api/v1[/namespaces/NS]/PLURAL[/NAME[/SUBRESOURCE]]}, or the same
 * under {@code /apis/GROUP/VERSION}. Immutable.
 */
final class ApiPath {
    private final QueryStringDecoder query;
    private final String plural;
    private final String key;

    ApiPath(QueryStringDecoder query) {
        this.query = query;
        List<String> parts = Arrays.asList(query.path().split("/", -1));
        int at = parts.size() > 1 && parts.get(1).equals("apis") ? 4 : 3;
        String namespace = "";
        if (parts.size() > at + 2 && parts.get(at).equals("namespaces")) {
            namespace = parts.get(at + 1);
            at += 2;
        }
        plural = parts.size() > at ? parts.get(at) : "";
        String name = parts.size() > at + 1 ? parts.get(at + 1) : "";
        key = namespace.isEmpty() || name.isEmpty() ? name : namespace + "/" + name;
    }

    /** The resource. */
    String plural() {
        return plural;
    }

    /** The object, or an empty text for all of them. */
    String key() {
        return key;
    }

    boolean isEvents() {
        return plural.equals("events");
    }

    FieldSelector selector() throws ApiStatus {
        if (!text("labelSelector").isEmpty()) {
            throw ApiStatus.badRequest("label selectors are not served here");
        }
        return FieldSelector.parse(text("fieldSelector"));
    }

    /** A parameter, or an empty text. */
    String text(String name) {
        List<String> values = query.parameters().get(name);
        return values == null ? "" : values.getFirst();
    }

    boolean flag(String name) {
        return text(name).equals("true") || text(name).equals("1");
    }

    long number(String name) throws ApiStatus {
        String text = text(name);
        try {
            return text.isEmpty() ? 0 : Long.parseLong(text);
        } catch (NumberFormatException e) {
            throw ApiStatus.badRequest(name + " is no number: " + text);
        }
    }

    @Override
    public String toString() {
        return query.path();
    }
}
