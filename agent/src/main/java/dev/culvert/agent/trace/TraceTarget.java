package dev.culvert.agent.trace;

import dev.culvert.agent.state.PodInfo;
import dev.culvert.net.IpAddresses;
import dev.culvert.net.IpFamily;
import java.net.InetAddress;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What operators name the ends of a trace by: an address, or a pod of this node. Stateless. */
public final class TraceTarget {
    private TraceTarget() {}

    /**
     * The addresses that {@code text} may mean.
     *
     * @param pods of this node, by namespace/name
     * @throws IllegalArgumentException with a sentence if there are none
     */
    public static List<InetAddress> resolve(String text, Map<String, PodInfo> pods) {
        int slash = text.indexOf('/');
        if (slash < 0) {
            try {
                return List.of(IpAddresses.parse(text));
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(
                        "'%s' is neither an IP address nor namespace/name of a pod of this node"
                                .formatted(text),
                        e);
            }
        }
        PodInfo pod = pods.get(text);
        if (pod == null) {
            throw new IllegalArgumentException(
                    "this node has no pod %s: pods of other nodes are named by their address"
                            .formatted(text));
        }
        if (pod.addresses().isEmpty()) {
            throw new IllegalArgumentException("pod %s has no address yet".formatted(text));
        }
        return pod.addresses();
    }

    /**
     * The first pair of one family, or null.
     *
     * @return source and destination
     */
    public static @Nullable List<InetAddress> pair(
            List<InetAddress> sources, List<InetAddress> destinations) {
        for (InetAddress source : sources) {
            for (InetAddress destination : destinations) {
                if (IpFamily.of(source) == IpFamily.of(destination)) {
                    return List.of(source, destination);
                }
            }
        }
        return null;
    }
}
