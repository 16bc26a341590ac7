package dev.culvert.bench.scale.api;

import java.util.Map;

/**
 * An object that the server holds. Immutable.
 *
 * @param key its name, or {@code namespace/name}
 * @param fields what field selectors can ask for
 * @param version its resource version
 * @param body what it says
 */
public record ApiObject(String key, Map<String, String> fields, long version, Body body) {

    /** Copies the fields. */
    public ApiObject {
        fields = Map.copyOf(fields);
    }

    /** The content of an object without its version, which the server gives it. */
    public interface Body {
        /** The whole object as JSON. */
        String json(long version);
    }

    /** The whole object as JSON. */
    String json() {
        return body.json(version);
    }
}
