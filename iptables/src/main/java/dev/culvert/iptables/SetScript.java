package dev.culvert.iptables;

import java.util.ArrayList;
import java.util.List;

/** What {@code ipset restore} reads; the kernel takes it line by line. One thread. */
final class SetScript {
    /** The set in which new members wait for the swap. */
    static final String SPARE = Names.PREFIX + "SPARE";

    private final List<String> lines = new ArrayList<>();

    void create(String name, String type, String family, long room) {
        lines.add("create %s %s family %s maxelem %d".formatted(name, type, family, room));
    }

    /** Also changes a member that exists into an exception or back. */
    void add(String name, String member) {
        lines.add("add " + name + " " + member + " -exist");
    }

    void delete(String name, String member) {
        lines.add("del " + name + " " + member + " -exist");
    }

    void swap(String one, String other) {
        lines.add("swap " + one + " " + other);
    }

    void destroy(String name) {
        lines.add("destroy " + name);
    }

    boolean isEmpty() {
        return lines.isEmpty();
    }

    /** How many lines. */
    int size() {
        return lines.size();
    }

    String text() {
        return String.join("\n", lines) + "\n";
    }
}
