package dev.culvert.agent;

import dev.culvert.agent.admin.AdminAnswer;
import dev.culvert.agent.admin.AdminException;
import dev.culvert.agent.admin.AdminHandler;
import dev.culvert.agent.admin.AdminRequest;
import dev.culvert.agent.ping.Pinger;
import dev.culvert.agent.state.ClusterView;
import dev.culvert.agent.state.NodeNetwork;
import dev.culvert.agent.state.SubnetLease;
import dev.culvert.agent.status.PingReport;
import dev.culvert.agent.sync.NodeSynchronization;
import dev.culvert.net.Cidr;
import dev.culvert.net.IpAddresses;
import java.io.IOException;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** Answers with the fate of echo requests to another node. Any thread, several at a time. */
final class PingHandler implements AdminHandler {
    private static final Duration PATIENCE = Duration.ofSeconds(1);
    private static final int MOST_REQUESTS = 10_000;
    private static final int MOST_INTERVAL = 10_000;
    private static final int MOST_SECONDS = 25;
    private static final int LEAST_BYTES = 88;
    private static final int MOST_BYTES = 65_535;

    private final NodeSynchronization node;

    PingHandler(NodeSynchronization node) {
        this.node = node;
    }

    @Override
    public void handle(AdminRequest request, AdminAnswer answer) throws IOException {
        ClusterView view = node.loop().view();
        NodeNetwork network = node.network();
        if (view == null || network == null) {
            throw new AdminException(
                    AdminException.UNAVAILABLE, "this node is not ready: see culvert status");
        }
        SubnetLease peer = peer(request.required("node"), view);
        InetAddress target = target(peer, view);
        int count = request.number("count", 5, 0, MOST_REQUESTS);
        int interval = request.number("interval", 1000, 0, MOST_INTERVAL);
        int bytes = request.number("bytes", LEAST_BYTES, LEAST_BYTES, MOST_BYTES);
        try (Pinger pinger = Pinger.open(target)) {
            int largest = request.has("mtu") ? pinger.largest(network.podMtu()) : -1;
            List<Long> micros = new ArrayList<>();
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(MOST_SECONDS);
            for (int i = 0; i < count && System.nanoTime() - end < 0; i++) {
                if (i > 0 && interval > 0) {
                    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(interval));
                }
                long nanos = pinger.ping(bytes, PATIENCE);
                micros.add(nanos < 0 ? nanos : nanos / 1000);
            }
            answer.json(
                    new PingReport(
                            peer.node(),
                            target.getHostAddress(),
                            bytes,
                            micros,
                            largest,
                            network.podMtu()));
        }
    }

    /** By the node's name, or by an address of its pods or its own. */
    private static SubnetLease peer(String text, ClusterView view) throws AdminException {
        for (SubnetLease lease : view.leases()) {
            if (lease.node().equals(text) || isOf(text, lease)) {
                return lease;
            }
        }
        throw new AdminException(
                AdminException.NOT_FOUND,
                "'%s' is neither a peer's name nor an address of one: see culvert peers"
                        .formatted(text));
    }

    private static boolean isOf(String text, SubnetLease lease) {
        try {
            InetAddress address = IpAddresses.parse(text);
            return lease.vtep().address().equals(address)
                    || lease.podCidrs().stream().anyMatch(each -> each.contains(address));
        } catch (IllegalArgumentException _) {
            return false;
        }
    }

    private static InetAddress target(SubnetLease peer, ClusterView view) throws AdminException {
        for (Cidr own : view.podCidrs()) {
            for (Cidr range : peer.podCidrs()) {
                if (range.family() == own.family()) {
                    return NodeNetwork.tunnelAddress(range);
                }
            }
        }
        throw new AdminException(
                AdminException.UNAVAILABLE,
                "%s has no range of a family that this node has".formatted(peer.node()));
    }
}
