package dev.culvert.agent.policy;

import java.io.Serial;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;

/** Reads an object of the API field by field, and knows the path of each. Immutable, any thread. */
record Fields(String path, JsonNode json) {

    /** A field cannot be understood; the message names its path. */
    static final class Invalid extends Exception {
        @Serial private static final long serialVersionUID = 1;

        Invalid(String path, String what) {
            super(path + " " + what);
        }
    }

    /** Longer texts are cut off in messages. */
    private static final int READABLE = 100;

    /** Whether there is nothing; the API takes {@code null} for that too. */
    boolean isAbsent() {
        return json.isMissingNode() || json.isNull();
    }

    /** A field of this object. */
    Fields field(String name) {
        return new Fields(path.isEmpty() ? name : path + "." + name, json.path(name));
    }

    /** This, which must be an object. */
    Fields object() throws Invalid {
        if (!json.isObject()) {
            throw invalid("is no object but " + shown());
        }
        return this;
    }

    /** The members of this list, none where there is no list. */
    List<Fields> items() throws Invalid {
        if (isAbsent()) {
            return List.of();
        }
        if (!json.isArray()) {
            throw invalid("is no list but " + shown());
        }
        List<Fields> items = new ArrayList<>();
        for (int i = 0; i < json.size(); i++) {
            items.add(new Fields(path + "[" + i + "]", json.path(i)));
        }
        return items;
    }

    /** This text, which must be there and have at least one letter. */
    String text() throws Invalid {
        if (!json.isString() || json.asString().isEmpty()) {
            throw invalid(isAbsent() ? "is missing" : "is no text but " + shown());
        }
        return json.asString();
    }

    /** This text, which may be empty. */
    String anyText() throws Invalid {
        if (!json.isString()) {
            throw invalid("is no text but " + shown());
        }
        return json.asString();
    }

    /** That this is wrong. */
    Invalid invalid(String what) {
        return new Invalid(path, what);
    }

    /** The value in quotes, short and without what a log should not hold. */
    String shown() {
        String text = json.isString() ? json.asString() : json.toString();
        String clean = text.replaceAll("[^ -~]", "_");
        return "'" + (clean.length() > READABLE ? clean.substring(0, READABLE) + "…" : clean) + "'";
    }
}
