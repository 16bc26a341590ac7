package dev.culvert.agent.policy;

import java.util.Map;

/**
 * What policies use of a Namespace object. Immutable, any thread.
 *
 * @param name its name
 * @param labels its labels
 */
public record PolicyNamespace(String name, Map<String, String> labels) {
    /** Copies the labels. */
    public PolicyNamespace {
        labels = Map.copyOf(labels);
    }
}
