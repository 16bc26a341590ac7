package dev.culvert.agent.cni;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.agent.ipam.AddressLease;
import dev.culvert.agent.sandbox.KernelSandboxes;
import dev.culvert.agent.state.NodeNetwork;
import dev.culvert.linux.netns.NetworkNamespace;
import dev.culvert.linux.route.Address;
import dev.culvert.linux.route.BridgeSpec;
import dev.culvert.linux.route.KernelRtnetlink;
import dev.culvert.linux.route.Link;
import dev.culvert.linux.route.LinkChange;
import dev.culvert.linux.testing.TestNamespaces;
import dev.culvert.net.Cidr;
import dev.culvert.net.MacAddress;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A namespace that stands for a node, with a bridge and the agent's CNI side. One thread. */
final class CniNode implements AutoCloseable {
    private final TestNamespaces namespaces = TestNamespaces.assumePermitted();
    private final Path run;
    private final NetworkNamespace namespace;
    private final KernelRtnetlink rtnetlink;
    private final CniCaller runtime;
    private final SimpleMeterRegistry metrics = new SimpleMeterRegistry();
    private volatile @Nullable NodeNetwork network =
            new NodeNetwork("culvert0", List.of(), 1450, 62_202);
    private volatile Set<InetAddress> pods = Set.of();
    private @Nullable CniService service;

    /** Skips the test where it cannot be made. */
    CniNode(Path run) throws Exception {
        CniCaller.assumeBuilt();
        this.run = run;
        this.runtime = new CniCaller(run);
        this.namespace = namespaces.create();
        this.rtnetlink = namespaces.rtnetlink(namespace);
    }

    /** Makes the bridge, with the gateways of these ranges. */
    CniNode withRanges(Cidr... ranges) throws Exception {
        MacAddress mac = MacAddress.ofPod(NodeNetwork.gateway(ranges[0]));
        Link bridge = rtnetlink.createBridge(new BridgeSpec("culvert0", mac, 1450));
        rtnetlink.changeLink(bridge.index(), LinkChange.NONE.withUp(true));
        for (Cidr range : ranges) {
            rtnetlink.ensureAddress(
                    Address.of(bridge.index(), NodeNetwork.gateway(range), range.prefixLength()));
        }
        network = new NodeNetwork("culvert0", List.of(ranges), 1450, 62_202);
        return this;
    }

    NodeReadiness readiness() {
        return new NodeReadiness(() -> network, () -> "the test says so");
    }

    /** Lets the node be ready for no pods. */
    void notReady() {
        network = null;
    }

    /** Starts the agent, or another one after {@link #stop}. */
    CniService start() throws Exception {
        CniService fresh =
                new CniService(
                        run, rtnetlink, new KernelSandboxes(), readiness(), () -> pods, metrics);
        fresh.start();
        service = fresh;
        return fresh;
    }

    /** The agent that runs. */
    CniService service() {
        return Objects.requireNonNull(service, "no agent was started");
    }

    /** Stops the agent and starts another one. */
    void restart() throws Exception {
        stop();
        start();
    }

    void stop() {
        if (service != null) {
            service.close();
            service = null;
        }
    }

    /** The addresses that Kubernetes knows of pods of this node. */
    void knows(Set<InetAddress> addresses) {
        pods = addresses;
    }

    NetworkNamespace namespace() {
        return namespace;
    }

    KernelRtnetlink rtnetlink() {
        return rtnetlink;
    }

    CniCaller runtime() {
        return runtime;
    }

    TestNamespaces namespaces() {
        return namespaces;
    }

    /** A new namespace for a pod. */
    NetworkNamespace pod() throws Exception {
        return namespaces.create();
    }

    /** The containers that have an attachment: by their leases, which are those of the veths. */
    List<String> attached() throws Exception {
        assertThat(rtnetlink.links())
                .filteredOn(each -> each.kind().equals("veth"))
                .extracting(Link::alias)
                .containsExactlyInAnyOrderElementsOf(
                        service().leases().stream().map(AddressLease::alias).toList());
        return service().leases().stream().map(each -> each.endpoint().containerId()).toList();
    }

    double repairs(String action) {
        return metrics.get("culvert.ipam.repairs").tag("action", action).counter().count();
    }

    List<String> linkNames() throws Exception {
        return rtnetlink.links().stream().map(Link::name).toList();
    }

    @Override
    public void close() {
        stop();
        namespaces.close();
    }
}
