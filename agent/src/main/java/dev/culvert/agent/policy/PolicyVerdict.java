package dev.culvert.agent.policy;

import java.util.List;

/**
 * Whether a connection may be made, as far as this node decides it. Immutable, any thread.
 *
 * @param allowed whether it may
 * @param reason a sentence for people
 * @param policies keys of those that allow it, or of those of which none does
 */
public record PolicyVerdict(boolean allowed, String reason, List<String> policies) {
    /** Copies the list. */
    public PolicyVerdict {
        policies = List.copyOf(policies);
    }
}
