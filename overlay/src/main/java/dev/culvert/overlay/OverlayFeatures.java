package dev.culvert.overlay;

import java.util.Map;

/**
 * What a data path was asked to do and what it does, at one moment. Immutable.
 *
 * @param states every {@link Feature} is there
 */
public record OverlayFeatures(Map<Feature, State> states) {

    /** Copies the map. */
    public OverlayFeatures {
        states = Map.copyOf(states);
    }

    /**
     * One feature.
     *
     * @param wanted whether it was asked for
     * @param enabled whether it is in use
     * @param reason why not, if it was asked for and is not in use; else empty
     */
    public record State(boolean wanted, boolean enabled, String reason) {}

    /** The state of one. */
    public State of(Feature feature) {
        State state = states.get(feature);
        return state == null ? new State(false, false, "") : state;
    }
}
