package dev.culvert.agent.handover;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;

/**
 * The agents that served a node, the last one first, as a file remembers them over restarts of
 * their containers: a line for each, {@code served REVISION POD} or {@code failed REVISION POD
 * MILLIS}. Immutable.
 */
record Succession(List<Entry> entries) {
    static final Succession NONE = new Succession(List.of());

    /** More than ever run at a time; older ones are gone for good. */
    private static final int MOST = 8;

    private static final String NOTHING = "-";
    private static final String SERVED = "served";
    private static final String FAILED = "failed";

    /**
     * One of them.
     *
     * @param failedMillis when it did not come to serve, in milliseconds since 1970; 0 if it did
     */
    record Entry(AgentIdentity agent, long failedMillis) {
        boolean hasFailed() {
            return failedMillis != 0;
        }

        String line() {
            String names = word(agent.revision()) + " " + word(agent.pod());
            return hasFailed() ? FAILED + " " + names + " " + failedMillis : SERVED + " " + names;
        }

        private static String word(String text) {
            return text.isEmpty() ? NOTHING : text;
        }

        /**
         * Reads a line.
         *
         * @throws IllegalArgumentException if it is none
         */
        static Entry parse(String line) {
            String[] words = line.split(" ", -1);
            boolean failed = words.length == 4 && words[0].equals(FAILED);
            if (!failed && (words.length != 3 || !words[0].equals(SERVED))) {
                throw new IllegalArgumentException("'%s' names no agent".formatted(line));
            }
            return new Entry(
                    new AgentIdentity(text(words[1]), text(words[2])),
                    failed ? Long.parseLong(words[3]) : 0);
        }

        private static String text(String word) {
            return word.equals(NOTHING) ? "" : word;
        }
    }

    /** Copies the list. */
    Succession {
        entries = List.copyOf(entries);
    }

    /**
     * Reads the file; none is an empty succession, and so is one that makes no sense, since nothing
     * depends on it but who waits for whom.
     */
    static Succession read(Path file) throws IOException {
        try {
            return new Succession(
                    Files.readAllLines(file).stream()
                            .filter(line -> !line.isBlank())
                            .limit(MOST)
                            .map(Entry::parse)
                            .toList());
        } catch (NoSuchFileException | IllegalArgumentException _) {
            return NONE;
        }
    }

    void write(Path file) throws IOException {
        Path temporary = file.resolveSibling(file.getFileName() + ".tmp");
        Files.write(temporary, lines());
        Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
    }

    List<String> lines() {
        return entries.stream().map(Entry::line).toList();
    }

    /**
     * This agent serves now. If it did before, those after it were its successors and failed.
     *
     * @param nowMillis since 1970
     */
    Succession servedBy(AgentIdentity agent, long nowMillis) {
        List<Entry> next = new ArrayList<>(List.of(new Entry(agent, 0)));
        int place = agents().indexOf(agent);
        for (int i = 0; i < entries.size(); i++) {
            Entry each = entries.get(i);
            if (i < place) {
                next.add(each.hasFailed() ? each : new Entry(each.agent(), nowMillis));
            } else if (i > place) {
                next.add(each);
            }
        }
        return new Succession(next.subList(0, Math.min(MOST, next.size())));
    }

    private List<AgentIdentity> agents() {
        return entries.stream().map(Entry::agent).toList();
    }

    /** Whether another agent took this one's place, which it was not to ask back. */
    boolean hasReplaced(AgentIdentity agent) {
        int place = agents().indexOf(agent);
        return place > 0 && !entries.get(place).hasFailed();
    }

    /** When this one failed, in milliseconds since 1970, or 0. */
    long failedAt(AgentIdentity agent) {
        return entries.stream()
                .filter(each -> each.agent().equals(agent))
                .mapToLong(Entry::failedMillis)
                .findFirst()
                .orElse(0);
    }

    /** Whether an agent of this revision served before the one that does now. */
    boolean hasPredecessor(String revision) {
        return entries.stream()
                .skip(1)
                .filter(each -> !each.hasFailed())
                .anyMatch(each -> each.agent().revision().equals(revision));
    }
}
