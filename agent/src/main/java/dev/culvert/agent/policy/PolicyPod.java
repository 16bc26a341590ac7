package dev.culvert.agent.policy;

import dev.culvert.iptables.Protocol;
import java.net.InetAddress;
import java.util.List;
import java.util.Map;

/**
 * What policies use of a Pod object, on whatever node. Immutable, any thread.
 *
 * @param namespace its namespace
 * @param name its name
 * @param uid the {@link #digest} of what another pod of this name does not have, 0 if not known
 * @param labels its labels
 * @param addresses its addresses, empty until it has some
 * @param ports those of its containers' ports that have a name
 * @param hostNetwork whether it uses the node's network, so that no policy is about it
 * @param finished whether it has ended for good (phase Succeeded or Failed), so that its addresses
 *     may be another pod's
 */
public record PolicyPod(
        String namespace,
        String name,
        long uid,
        Map<String, String> labels,
        List<InetAddress> addresses,
        List<NamedPort> ports,
        boolean hostNetwork,
        boolean finished) {

    /** The prime of 64-bit FNV. */
    private static final long DIGEST_FACTOR = 0x100000001b3L;

    /**
     * A port of a container that has a name.
     *
     * @param name its name
     * @param protocol its protocol
     * @param port its number
     */
    public record NamedPort(String name, Protocol protocol, int port) {}

    /** Copies the collections. */
    public PolicyPod {
        labels = Map.copyOf(labels);
        addresses = List.copyOf(addresses);
        ports = List.copyOf(ports);
    }

    /** Stands for a uid, whose text would be long for each of many pods; 0 for an empty one. */
    public static long digest(String uid) {
        long digest = 0;
        for (int i = 0; i < uid.length(); i++) {
            digest = (digest ^ uid.charAt(i)) * DIGEST_FACTOR + 1;
        }
        return digest;
    }

    /** {@code namespace/name}. */
    public String key() {
        return namespace + "/" + name;
    }

    /** Whether selectors of policies can choose it. */
    public boolean isPeer() {
        return !hostNetwork && !finished;
    }
}
