package dev.culvert.agent.cni;

import dev.culvert.agent.ipam.AddressLease;
import dev.culvert.agent.sandbox.Attachment;
import dev.culvert.agent.sandbox.ObservedAttachment;
import dev.culvert.agent.state.NodeNetwork;
import dev.culvert.linux.route.Address;
import dev.culvert.linux.route.Link;
import dev.culvert.linux.route.Neighbor;
import dev.culvert.linux.route.Route;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Compares what the kernel has of an attachment with its lease and with what the runtime was told.
 * Only what Culvert made counts: plugins that come after it may add to it, and where they changed
 * something (a MAC, an MTU, routes) the result says so. One thread.
 */
final class AttachmentCheck {
    private final AddressLease lease;
    private final PreviousResult previous;
    private final ObservedAttachment observed;
    private final NodeNetwork network;
    private final List<String> differences = new ArrayList<>();

    AttachmentCheck(
            AddressLease lease,
            PreviousResult previous,
            ObservedAttachment observed,
            NodeNetwork network) {
        this.lease = lease;
        this.previous = previous;
        this.observed = observed;
        this.network = network;
    }

    /** What is not as it was made, one sentence each; none when all is well. */
    List<String> differences() {
        differences.clear();
        Link host = observed.host();
        Link pod = observed.pod();
        if (host == null) {
            differences.add("its end on the node, %s, is gone".formatted(hostVeth()));
        } else {
            nodeEnd(host);
        }
        if (pod == null) {
            differences.add("the pod has no interface " + ifName());
        } else {
            podEnd(pod, host);
            addresses();
            routes();
            neighbors();
        }
        return List.copyOf(differences);
    }

    private String ifName() {
        return lease.endpoint().ifName();
    }

    private String hostVeth() {
        return Attachment.hostVeth(lease.endpoint().containerId(), ifName());
    }

    private void nodeEnd(Link host) {
        Link bridge = observed.bridge();
        if (bridge == null || host.masterIndex() != bridge.index()) {
            differences.add(
                    "its end on the node, %s, is no port of bridge %s"
                            .formatted(host.name(), network.bridge()));
        }
        if (!host.up()) {
            differences.add("its end on the node, %s, is down".formatted(host.name()));
        }
    }

    private void podEnd(Link pod, @Nullable Link host) {
        boolean pair =
                host == null
                        || (pod.kind().equals("veth")
                                && pod.peerIndex() == host.index()
                                && host.peerIndex() == pod.index());
        if (!pair) {
            differences.add(
                    "%s of the pod is not the other end of %s".formatted(ifName(), hostVeth()));
        }
        if (!pod.up()) {
            differences.add(ifName() + " of the pod is down");
        }
        PreviousResult.Interface expected = previous.inSandbox(ifName());
        if (expected == null) {
            differences.add("prevResult has no interface %s in a sandbox".formatted(ifName()));
            return;
        }
        if (expected.mac() != null && !expected.mac().equals(pod.mac())) {
            differences.add(
                    "%s has the MAC %s, not %s".formatted(ifName(), pod.mac(), expected.mac()));
        }
        mtu(pod, host, expected.mtu());
    }

    /**
     * The overlay's MTU may have changed since the ADD, and results before 1.1 do not tell whether
     * a later plugin has made it smaller.
     */
    private void mtu(Link pod, @Nullable Link host, int told) {
        boolean asMade =
                pod.mtu() == told
                        || pod.mtu() == network.podMtu()
                        || (host != null && pod.mtu() == host.mtu());
        boolean smallerUntold = told == 0 && pod.mtu() < network.podMtu();
        if (!asMade && !smallerUntold) {
            differences.add(
                    "%s has the MTU %d, not %d"
                            .formatted(ifName(), pod.mtu(), told == 0 ? network.podMtu() : told));
        }
    }

    private void addresses() {
        List<PreviousResult.Ip> told = previous.ipsOf(ifName());
        for (InetAddress leased : lease.addresses()) {
            if (told.stream().noneMatch(each -> each.address().equals(leased))) {
                differences.add(
                        "prevResult has other addresses than its lease, which holds "
                                + leased.getHostAddress());
            }
            if (!has(leased)) {
                differences.add(
                        "%s lacks the address %s".formatted(ifName(), leased.getHostAddress()));
            }
        }
        for (PreviousResult.Ip each : told) {
            if (!lease.addresses().contains(each.address()) && !has(each.address())) {
                differences.add("%s lacks the address %s".formatted(ifName(), each));
            }
        }
    }

    private boolean has(InetAddress address) {
        return observed.addresses().stream().map(Address::local).anyMatch(address::equals);
    }

    /** Those that lead to our gateways; the others belong to whoever made them. */
    private void routes() {
        List<InetAddress> gateways = gateways();
        for (PreviousResult.RouteEntry each : previous.routes()) {
            InetAddress gateway = each.gateway();
            if (gateway == null || !gateways.contains(gateway)) {
                continue;
            }
            List<Route> found =
                    observed.routes().stream()
                            .filter(route -> route.destination().equals(each.destination()))
                            .filter(route -> gateway.equals(route.gateway()))
                            .toList();
            if (found.isEmpty()) {
                differences.add(
                        "the pod lacks the route %s via %s"
                                .formatted(each.destination(), gateway.getHostAddress()));
            } else if (found.stream().noneMatch(route -> fits(route.mtu(), each.mtu()))) {
                differences.add(
                        "the pod's route %s has the MTU %s, not %d"
                                .formatted(
                                        each.destination(),
                                        found.stream()
                                                .map(route -> String.valueOf(route.mtu()))
                                                .collect(Collectors.joining(", ")),
                                        each.mtu()));
            }
        }
    }

    private boolean fits(int mtu, int told) {
        return told == 0 || mtu == told || mtu == network.podMtu();
    }

    private List<InetAddress> gateways() {
        List<InetAddress> gateways = new ArrayList<>();
        for (PreviousResult.Ip each : previous.ipsOf(ifName())) {
            InetAddress gateway = each.gateway();
            if (gateway != null && lease.addresses().contains(each.address())) {
                gateways.add(gateway);
            }
        }
        return gateways;
    }

    /** An entry that is missing is asked for anew; a permanent one that is wrong stays wrong. */
    private void neighbors() {
        Link bridge = observed.bridge();
        for (Neighbor each : observed.neighbors()) {
            if (bridge != null
                    && each.permanent()
                    && gateways().contains(each.address())
                    && !each.mac().equals(bridge.mac())) {
                differences.add(
                        "the pod takes %s for the MAC of its gateway %s, which is %s"
                                .formatted(
                                        each.mac(), each.address().getHostAddress(), bridge.mac()));
            }
        }
    }
}
