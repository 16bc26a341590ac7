package dev.culvert.bench.path;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A constant that has a name on the command line, in tables and in files. */
interface Named {
    /** That name. */
    String label();

    /**
     * Reads a list of names with commas between them.
     *
     * @return in the order of the constants, each once
     * @throws IllegalArgumentException that names the first wrong one and lists the right ones
     */
    static <E extends Enum<E> & Named> List<E> list(Class<E> type, String names) {
        Set<E> found = EnumSet.noneOf(type);
        for (String name : names.split(",", -1)) {
            found.add(one(type, name.strip()));
        }
        return List.copyOf(found);
    }

    private static <E extends Enum<E> & Named> E one(Class<E> type, String name) {
        return Stream.of(type.getEnumConstants())
                .filter(each -> each.label().equals(name))
                .findFirst()
                .orElseThrow(
                        () ->
                                new IllegalArgumentException(
                                        "does not know '%s'; it takes %s"
                                                .formatted(name, join(all(type)))));
    }

    /** Every constant of a type. */
    static <E extends Enum<E> & Named> List<E> all(Class<E> type) {
        return new ArrayList<>(EnumSet.allOf(type));
    }

    /** Their names, with commas between them. */
    static String join(List<? extends Named> all) {
        return all.stream().map(Named::label).collect(Collectors.joining(","));
    }
}
