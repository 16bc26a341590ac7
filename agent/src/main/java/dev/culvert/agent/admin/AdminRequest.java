package dev.culvert.agent.admin;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;

/**
 * What is asked of the agent: everything is in the first line of the request. Immutable.
 *
 * @param method {@code GET} or {@code POST}
 * @param path without the query
 * @param query the parameters, decoded
 */
public record AdminRequest(String method, String path, Map<String, String> query) {

    /** Copies the map. */
    public AdminRequest {
        query = Map.copyOf(query);
    }

    /** Reads a request line such as {@code GET /v1/trace?from=a HTTP/1.1}. */
    static AdminRequest parse(String line) throws AdminException {
        String[] words = line.split(" ", -1);
        if (words.length != 3 || !words[1].startsWith("/") || !words[2].startsWith("HTTP/1.")) {
            throw AdminException.badRequest("this is no HTTP/1.1 request: '" + line + "'");
        }
        int mark = words[1].indexOf('?');
        String path = mark < 0 ? words[1] : words[1].substring(0, mark);
        return new AdminRequest(
                words[0], path, mark < 0 ? Map.of() : query(words[1].substring(mark + 1)));
    }

    private static Map<String, String> query(String text) throws AdminException {
        Map<String, String> query = new TreeMap<>();
        for (String part : text.split("&", -1)) {
            int equals = part.indexOf('=');
            if (equals < 0) {
                throw AdminException.badRequest("'" + part + "' is no parameter: write name=value");
            }
            query.put(decode(part.substring(0, equals)), decode(part.substring(equals + 1)));
        }
        return query;
    }

    private static String decode(String text) throws AdminException {
        try {
            return URLDecoder.decode(text, StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw AdminException.badRequest("'" + text + "' is not encoded as in a URL");
        }
    }

    /** Whether the parameter is there. */
    public boolean has(String name) {
        return query.containsKey(name);
    }

    /** A parameter, or {@code fallback} without it. */
    public String text(String name, String fallback) {
        return query.getOrDefault(name, fallback);
    }

    /** A parameter that must be there. */
    public String required(String name) throws AdminException {
        String value = query.getOrDefault(name, "");
        if (value.isEmpty()) {
            throw AdminException.badRequest("the parameter " + name + " is missing");
        }
        return value;
    }

    /** A number, or {@code fallback} without it. */
    public int number(String name, int fallback, int least, int most) throws AdminException {
        String text = query.get(name);
        if (text == null) {
            return fallback;
        }
        try {
            int value = Integer.parseInt(text);
            if (value >= least && value <= most) {
                return value;
            }
        } catch (NumberFormatException _) {
            // Answered below.
        }
        throw AdminException.badRequest(
                "%s is '%s', but it must be a whole number from %d to %d"
                        .formatted(name, text, least, most));
    }
}
