package dev.culvert.agent.state;

import java.util.Map;

/**
 * What only the node itself uses of its Node object. Immutable.
 *
 * @param annotations those that an agent writes or is told something by
 * @param networkUnavailable status and reason of the condition {@code NetworkUnavailable}, as
 *     {@code "False CulvertIsUp"}; empty when there is none
 */
public record OwnNode(Map<String, String> annotations, String networkUnavailable) {

    /** Copies the map. */
    public OwnNode {
        annotations = Map.copyOf(annotations);
    }
}
