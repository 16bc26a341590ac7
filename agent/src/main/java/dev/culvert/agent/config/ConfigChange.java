package dev.culvert.agent.config;

import java.util.List;

/**
 * What a change of the configuration file came to. Immutable.
 *
 * @param applied the settings that have another value now, with both values
 * @param pending the names of the settings that get theirs when the agent starts again
 * @param refusal why the file was refused as a whole, in a sentence; empty if it was not
 */
public record ConfigChange(List<String> applied, List<String> pending, String refusal) {
    static ConfigChange refused(String why) {
        return new ConfigChange(List.of(), List.of(), why);
    }

    /** What an operator should know about it. */
    public String sentence() {
        if (isRefusal()) {
            return "the changed configuration is refused as a whole, the last one stays: "
                    + refusal;
        }
        String now =
                applied.isEmpty() ? "no setting has another value now" : String.join(", ", applied);
        return pending.isEmpty()
                ? now
                : now + "; a restart of the agent is needed for " + String.join(", ", pending);
    }

    /** Whether nothing of the file was taken. */
    public boolean isRefusal() {
        return !refusal.isEmpty();
    }
}
