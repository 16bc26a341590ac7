package dev.culvert.overlay;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BiFunction;

/**
 * The counters of the IP stacks of nodes and of their pods at one moment. Immutable.
 *
 * @param each of every namespace
 */
record NodeCounters(List<Nstat> each) {
    /** What they are now. */
    static NodeCounters read(List<TestNode> nodes) throws Exception {
        List<Nstat> each = new ArrayList<>();
        for (TestNode node : nodes) {
            each.add(Nstat.read(node.node()));
            each.add(Nstat.read(node.pod()));
        }
        return new NodeCounters(List.copyOf(each));
    }

    /** What all of them together counted of damaged packets since then. */
    Map<String, Long> damageSince(NodeCounters before) {
        return since(before, Nstat::damageSince);
    }

    /** What all of them together counted of segments out of order since then. */
    Map<String, Long> disorderSince(NodeCounters before) {
        return since(before, Nstat::disorderSince);
    }

    /**
     * How many segments senders have found overtaken by later ones since then. A gap by itself is
     * no sign of it: a full queue loses packets over plain routing too.
     */
    long overtakenSince(NodeCounters before) {
        return disorderSince(before).entrySet().stream()
                .filter(counter -> counter.getKey().endsWith("Reorder"))
                .mapToLong(counter -> counter.getValue())
                .sum();
    }

    private Map<String, Long> since(
            NodeCounters before, BiFunction<Nstat, Nstat, Map<String, Long>> which) {
        Map<String, Long> result = new TreeMap<>();
        for (int i = 0; i < each.size(); i++) {
            which.apply(each.get(i), before.each.get(i))
                    .forEach((name, grown) -> result.merge(name, grown, Long::sum));
        }
        return result;
    }
}
