package dev.culvert.bench.scale.api;

import java.util.ArrayList;
import java.util.List;

/** A field selector: {@code spec.nodeName=n1,metadata.name!=x}. Immutable. */
record FieldSelector(List<Term> terms) {
    static final FieldSelector ALL = new FieldSelector(List.of());

    FieldSelector {
        terms = List.copyOf(terms);
    }

    /** One comparison. */
    record Term(String field, String value, boolean equal) {
        boolean matches(ApiObject object) {
            return value.equals(object.fields().getOrDefault(field, "")) == equal;
        }
    }

    static FieldSelector parse(String text) throws ApiStatus {
        List<Term> terms = new ArrayList<>();
        for (String part : text.isEmpty() ? new String[0] : text.split(",", -1)) {
            int equals = part.indexOf('=');
            if (equals < 1) {
                throw ApiStatus.badRequest("invalid field selector: " + text);
            }
            boolean unequal = part.charAt(equals - 1) == '!';
            String value = part.substring(equals + 1);
            terms.add(
                    new Term(
                            part.substring(0, unequal ? equals - 1 : equals),
                            value.startsWith("=") ? value.substring(1) : value,
                            !unequal));
        }
        return new FieldSelector(terms);
    }

    boolean matches(ApiObject object) {
        for (Term term : terms) {
            if (!term.matches(object)) {
                return false;
            }
        }
        return true;
    }
}
