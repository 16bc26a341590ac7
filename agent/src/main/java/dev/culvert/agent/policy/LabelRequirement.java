package dev.culvert.agent.policy;

import java.util.Collections;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * One condition of a {@link LabelSelector}. Immutable, any thread.
 *
 * @param key of the label
 * @param operator what is asked of it
 * @param values in order; none for {@link Operator#EXISTS} and {@link Operator#DOES_NOT_EXIST}
 */
public record LabelRequirement(String key, Operator operator, SortedSet<String> values) {

    /** What can be asked of a label. */
    public enum Operator {
        /** It has one of the values. */
        IN,
        /** It has none of the values, or there is no such label. */
        NOT_IN,
        /** There is such a label. */
        EXISTS,
        /** There is no such label. */
        DOES_NOT_EXIST
    }

    /** Copies the values. */
    public LabelRequirement {
        values = Collections.unmodifiableSortedSet(new TreeSet<>(values));
    }

    /** Whether these labels fulfil it. */
    public boolean matches(Map<String, String> labels) {
        String value = labels.get(key);
        return switch (operator) {
            case IN -> value != null && values.contains(value);
            case NOT_IN -> value == null || !values.contains(value);
            case EXISTS -> value != null;
            case DOES_NOT_EXIST -> value == null;
        };
    }

    /** What tells it from all others, whatever characters there are in it. */
    String identity() {
        StringBuilder text = new StringBuilder(operator.name());
        text.append(' ').append(key.length()).append(':').append(key);
        values.forEach(value -> text.append(' ').append(value.length()).append(':').append(value));
        return text.toString();
    }

    /** For people, as {@code app in (a, b)}. */
    @Override
    public String toString() {
        String list = "(" + String.join(", ", values) + ")";
        return switch (operator) {
            case IN -> key + " in " + list;
            case NOT_IN -> key + " notin " + list;
            case EXISTS -> key;
            case DOES_NOT_EXIST -> "!" + key;
        };
    }
}
