package dev.culvert.agent.policy;

import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Chooses objects by their labels: those that fulfil all requirements, so everything if there is
 * none. Two selectors that say the same in another order are equal. Immutable, any thread.
 *
 * @param requirements in the order of their identities, each once
 * @see <a href="https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/">Labels
 *     and selectors</a>
 */
public record LabelSelector(List<LabelRequirement> requirements) {
    /** Chooses everything. */
    public static final LabelSelector ALL = new LabelSelector(List.of());

    /** Sorts them. */
    public LabelSelector {
        requirements =
                requirements.stream()
                        .distinct()
                        .sorted(Comparator.comparing(LabelRequirement::identity))
                        .toList();
    }

    /** Whether an object with these labels is chosen. */
    public boolean matches(Map<String, String> labels) {
        return requirements.stream().allMatch(each -> each.matches(labels));
    }

    /** What tells it from all others. */
    String identity() {
        return requirements.stream()
                .map(LabelRequirement::identity)
                .collect(Collectors.joining(" ", "[", "]"));
    }

    /** For people: {@code all} or the requirements. */
    @Override
    public String toString() {
        return requirements.isEmpty()
                ? "all"
                : requirements.stream()
                        .map(LabelRequirement::toString)
                        .collect(Collectors.joining(", "));
    }
}
