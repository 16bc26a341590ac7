package dev.culvert.agent.policy;

import java.net.InetAddress;
import java.util.List;

/** A pod that is attached on this node. Immutable, any thread. */
record LocalPod(String namespace, String name, List<InetAddress> addresses) {
    String key() {
        return namespace + "/" + name;
    }
}
