package dev.culvert.iptables;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A set as the kernel shows it. Immutable once read, any thread.
 *
 * @param type such as {@code hash:net}
 * @param family {@code inet} or {@code inet6}, empty if the type has none
 * @param maxElements how many members it takes, 0 if not told
 * @param members by what they differ in
 * @param unknown members of a kind that Culvert does not make, in the words of {@code ipset}
 */
record SavedSet(
        String type,
        String family,
        long maxElements,
        Map<SetMember.Key, SetMember> members,
        List<String> unknown) {

    private static SavedSet empty(List<String> words) {
        return new SavedSet(
                words.get(2),
                option(words, "family"),
                number(option(words, "maxelem")),
                new HashMap<>(),
                new ArrayList<>());
    }

    private static String option(List<String> words, String name) {
        int at = words.indexOf(name);
        return at < 0 || at + 1 == words.size() ? "" : words.get(at + 1);
    }

    private static long number(String text) {
        return text.isEmpty() ? 0 : Long.parseLong(text);
    }

    private void add(String text) {
        try {
            SetMember member = SetMember.parse(text);
            members.put(member.key(), member);
        } catch (IllegalArgumentException e) {
            unknown.add(Words.split(text).getFirst());
        }
    }

    /**
     * Reads what {@code ipset save} printed, and keeps the sets that belong to Culvert.
     *
     * @throws IllegalArgumentException naming the line that has another form
     */
    static Map<String, SavedSet> parse(String output) {
        Map<String, SavedSet> sets = new HashMap<>();
        output.lines().forEach(line -> line(line, sets));
        return sets;
    }

    private static void line(String line, Map<String, SavedSet> sets) {
        int verb = line.indexOf(' ');
        int end = line.indexOf(' ', verb + 1);
        if (verb < 0 || end < 0) {
            if (line.isBlank()) {
                return;
            }
            throw new IllegalArgumentException("no line of ipset save: " + line);
        }
        String name = line.substring(verb + 1, end);
        if (!Names.isOurs(name)) {
            return;
        }
        SavedSet set = sets.get(name);
        if (line.startsWith("create ")) {
            sets.put(name, empty(Words.split(line)));
        } else if (set != null) {
            set.add(line.substring(end + 1));
        }
    }
}
