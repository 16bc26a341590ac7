package dev.culvert.agent.policy;

import java.net.InetAddress;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** Which pods have an address. The sync thread's only. */
final class AddressIndex {
    private final Map<String, List<InetAddress>> addresses = new HashMap<>();
    private final Map<InetAddress, Set<String>> keys = new HashMap<>();

    /** A pod has these addresses now and no others. */
    void put(String key, List<InetAddress> now) {
        List<InetAddress> before = now.isEmpty() ? addresses.remove(key) : addresses.put(key, now);
        if (before != null) {
            before.forEach(address -> remove(address, key));
        }
        now.forEach(address -> keys.computeIfAbsent(address, _ -> new TreeSet<>()).add(key));
    }

    private void remove(InetAddress address, String key) {
        Set<String> at = keysAt(address);
        if (at.size() == 1) {
            keys.remove(address);
        } else {
            at.remove(key);
        }
    }

    /** The keys of the pods that have it. */
    Set<String> keysAt(InetAddress address) {
        return keys.getOrDefault(address, Set.of());
    }
}
