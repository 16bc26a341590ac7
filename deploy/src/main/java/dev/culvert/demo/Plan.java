package dev.culvert.demo;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What to run and where things are. Immutable, any thread.
 *
 * @param nodes how many nodes, 2 to 9
 * @param podsPerNode how many pods on each, 1 to 20
 * @param keep whether to leave all of it running at the end
 * @param root the folder of the source tree
 * @param logs the folder for the processes' logs
 * @param image an archive with the image to run the agents from, or null for the jar that was built
 * @param capabilities what the containers of the image get
 */
record Plan(
        int nodes,
        int podsPerNode,
        boolean keep,
        Path root,
        Path logs,
        @Nullable Path image,
        List<String> capabilities) {
    /** The cluster's range; node N has the part N of it. */
    static final String CLUSTER_CIDR = "10.244.0.0/16";

    /** The underlay's range. Used in namespaces only. */
    static final String UNDERLAY_CIDR = "172.30.77.0/24";

    /** Where the Kubernetes API listens. */
    static final String API_ADDRESS = "172.30.77.254";

    static final int API_PORT = 6443;

    Path agentJar() {
        return root.resolve("agent/target/culvert/culvert.jar");
    }

    Path cniExecutable() {
        return root.resolve("cni/target/culvert-cni");
    }

    static String nodeName(int node) {
        return "node" + node;
    }

    static String underlayAddress(int node) {
        return "172.30.77." + node;
    }

    static String podCidr(int node) {
        return "10.244." + node + ".0/24";
    }

    /** The pods' gateway, which is the bridge's address. */
    static String gateway(int node) {
        return "10.244." + node + ".1";
    }

    /** The address of the node's TUN device. */
    static String tunnelAddress(int node) {
        return "10.244." + node + ".0";
    }
}
