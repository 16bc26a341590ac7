package dev.culvert.bench.scale;

import dev.culvert.bench.path.Processes;
import dev.culvert.linux.netns.NetworkNamespace;
import dev.culvert.linux.tun.TunDevice;
import dev.culvert.linux.tun.TunFeatures;
import dev.culvert.linux.tun.TunQueue;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.Callable;

/**
 * The network namespace of a node, and that of the API server beside it. The node's underlay is a
 * TUN device, so that this process reads whatever leaves the node. One thread.
 *
 * @param node with {@code eth0}, the underlay, and {@code mgmt0}, which leads to the API server
 * @param api with the other end of {@code mgmt0}
 * @param underlay reads what leaves through {@code eth0}
 */
record ScaleNode(NetworkNamespace node, NetworkNamespace api, TunQueue underlay)
        implements AutoCloseable {
    static final String API_ADDRESS = "192.0.2.1";
    static final int API_PORT = 6443;

    static ScaleNode create(Processes processes) throws IOException {
        NetworkNamespace node = NetworkNamespace.create();
        NetworkNamespace api = NetworkNamespace.create();
        TunQueue underlay = inside(node, () -> TunDevice.openQueue("eth0", TunFeatures.NONE));
        ScaleNode created = new ScaleNode(node, api, underlay);
        for (String command :
                List.of(
                        "ip link set lo up",
                        "ip link add mgmt0 type veth peer name mgmt0 netns " + api.path(),
                        "ip addr add 192.0.2.2/30 dev mgmt0",
                        "ip link set mgmt0 up",
                        "ip addr add %s/%d dev eth0"
                                .formatted(
                                        SimulatedCluster.OWN_ADDRESS.getHostAddress(),
                                        SimulatedCluster.UNDERLAY_RANGE.prefixLength()),
                        "ip link set eth0 mtu 1500 up")) {
            processes.run(node, List.of(command.split(" ", -1)));
        }
        for (String command :
                List.of(
                        "ip addr add %s/30 dev mgmt0".formatted(API_ADDRESS),
                        "ip link set mgmt0 up")) {
            processes.run(api, List.of(command.split(" ", -1)));
        }
        return created;
    }

    InetSocketAddress apiAddress() {
        return new InetSocketAddress(API_ADDRESS, API_PORT);
    }

    /** Runs a block on a thread of a namespace. */
    static <T> T inside(NetworkNamespace namespace, Callable<T> block) throws IOException {
        try {
            return namespace.call(block);
        } catch (IOException | RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IOException(e);
        }
    }

    @Override
    public void close() {
        underlay.close();
        node.close();
        api.close();
    }
}
