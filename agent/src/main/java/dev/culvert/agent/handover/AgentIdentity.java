package dev.culvert.agent.handover;

import java.util.regex.Pattern;

/**
 * Which agent one is of those that a node has had. Immutable.
 *
 * @param revision what its pod was made from, so that all pods of one update have the same; empty
 *     for an agent that is never replaced while it runs
 * @param pod what tells its pod from all others, also of the same revision
 */
public record AgentIdentity(String revision, String pod) {
    private static final Pattern WORD = Pattern.compile("[0-9A-Za-z._-]{0,128}");

    /**
     * Checks both.
     *
     * @throws IllegalArgumentException with a sentence if one of them is no word
     */
    public AgentIdentity {
        check("revision", revision);
        check("pod", pod);
    }

    private static void check(String name, String value) {
        if (!WORD.matcher(value).matches()) {
            throw new IllegalArgumentException(
                    "the %s '%s' must have at most 128 letters, digits, '.', '_' and '-'"
                            .formatted(name, value));
        }
    }

    /** Whether it takes the place of the agent that it finds. */
    public boolean isReplacement() {
        return !revision.isEmpty();
    }

    @Override
    public String toString() {
        return "revision=%s pod=%s".formatted(revision, pod);
    }
}
