package dev.culvert.iptables;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What {@code iptables-save} printed: all tables that exist, everybody's rules. Immutable, any
 * thread.
 *
 * @param tables by name
 * @param unreadable tables that hold rules which only {@code nft} can show
 * @see <a href="https://man7.org/linux/man-pages/man8/iptables-save.8.html">iptables-save(8)</a>
 */
record SavedRules(Map<String, SavedTable> tables, Set<String> unreadable) {
    private static final Pattern UNREADABLE =
            Pattern.compile("# Table [`'](\\w+)['`] is incompatible.*");

    /**
     * Reads the output of the program.
     *
     * @throws IllegalArgumentException naming the line that has another form
     */
    static SavedRules parse(String output) {
        Parser parser = new Parser();
        output.lines().forEach(parser::line);
        return new SavedRules(parser.tables, parser.unreadable);
    }

    SavedTable table(TableName name) {
        return tables.getOrDefault(name.text(), SavedTable.EMPTY);
    }

    /** How many rules there are, whoever made them. */
    int size() {
        return tables.values().stream()
                .flatMap(table -> table.chains().values().stream())
                .mapToInt(List::size)
                .sum();
    }

    /** How many chains have names that begin with {@code prefix}. */
    long chains(String prefix) {
        return tables.values().stream()
                .flatMap(table -> table.chains().keySet().stream())
                .filter(chain -> chain.startsWith(prefix))
                .count();
    }

    boolean hasOurs() {
        return tables.values().stream().anyMatch(SavedTable::hasOurs);
    }

    /** Collects lines. */
    private static final class Parser {
        private final Map<String, SavedTable> tables = new LinkedHashMap<>();
        private final Set<String> unreadable = new TreeSet<>();
        private Map<String, List<SavedRule>> chains = new LinkedHashMap<>();

        void line(String line) {
            if (line.isEmpty() || line.equals("COMMIT")) {
                return;
            }
            switch (line.charAt(0)) {
                case '#' -> comment(line);
                case '*' -> table(line.substring(1));
                case ':' -> chains.put(line.substring(1, blank(line, 1)), new ArrayList<>());
                case '[' -> rule(line.substring(blank(line, 0) + 1));
                default -> rule(line);
            }
        }

        private void comment(String line) {
            Matcher matcher = UNREADABLE.matcher(line);
            if (matcher.matches()) {
                unreadable.add(matcher.group(1));
            }
        }

        /** The nft programs may print a table in two parts. */
        private void table(String name) {
            SavedTable table =
                    tables.computeIfAbsent(name, _ -> new SavedTable(new LinkedHashMap<>()));
            chains = table.chains();
        }

        private void rule(String line) {
            if (!line.startsWith("-A ")) {
                throw new IllegalArgumentException(
                        "no line of iptables-save, of which '-A' was expected: " + line);
            }
            int end = line.indexOf(' ', 3);
            String chain = end < 0 ? line.substring(3) : line.substring(3, end);
            String text = end < 0 ? "" : line.substring(end + 1).strip();
            chains.computeIfAbsent(chain, _ -> new ArrayList<>()).add(SavedRule.parse(text));
        }

        private static int blank(String line, int from) {
            int blank = line.indexOf(' ', from);
            return blank < 0 ? line.length() : blank;
        }
    }
}
