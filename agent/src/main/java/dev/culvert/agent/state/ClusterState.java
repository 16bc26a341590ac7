package dev.culvert.agent.state;

import dev.culvert.net.Cidr;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The cluster as this node sees it: takes events, derives what should be. Pure and single-threaded:
 * the sync thread's.
 *
 * <p>Where two nodes claim ranges that overlap, the one that was created first keeps it, on every
 * node alike, and the other is left out and reported. So it is with underlay addresses.
 *
 * <p>What concerns one node only is worked out when that node changes, so that with thousands of
 * nodes a view takes about a millisecond.
 */
public final class ClusterState {
    private final String nodeName;
    private final int vni;
    private final List<Cidr> clusterCidrs;
    private final Map<String, NodeClaim> nodes = new TreeMap<>();
    private final NavigableSet<NodeClaim> byAge = new TreeSet<>(NodeClaim.BY_AGE);
    private final Map<String, PodInfo> pods = new TreeMap<>();
    private boolean listed;
    private boolean podsListed;
    private @Nullable Findings findings;

    /**
     * @param nodeName this node
     * @param vni our VXLAN network id
     * @param clusterCidrs what every pod range must lie in; empty for anything
     */
    public ClusterState(String nodeName, int vni, List<Cidr> clusterCidrs) {
        this.nodeName = nodeName;
        this.vni = vni;
        this.clusterCidrs = List.copyOf(clusterCidrs);
    }

    /** Takes note of an event; those about policies matter to others. */
    public void apply(ClusterEvent event) {
        switch (event) {
            case ClusterEvent.NodeChanged(NodeInfo node) -> put(NodeClaim.of(node, clusterCidrs));
            case ClusterEvent.NodeRemoved(String name) -> remove(name);
            case ClusterEvent.PodChanged(PodInfo pod) -> pods.put(pod.key(), pod);
            case ClusterEvent.PodRemoved(String key) -> pods.remove(key);
            case ClusterEvent.NodesListed() -> listed = true;
            case ClusterEvent.PodsListed() -> podsListed = true;
            case PolicyEvent _ -> {}
        }
    }

    private void put(NodeClaim claim) {
        remove(claim.node().name());
        nodes.put(claim.node().name(), claim);
        byAge.add(claim);
    }

    private void remove(String name) {
        NodeClaim gone = nodes.remove(name);
        if (gone != null) {
            byAge.remove(gone);
        }
        findings = null;
    }

    /** Whether all nodes are known: nothing may be removed before. */
    public boolean isListed() {
        return listed;
    }

    /** What follows from the events so far. */
    public ClusterView view() {
        Findings current = findings;
        if (current == null) {
            current = new Derivation().run();
            findings = current;
        }
        NodeClaim self = nodes.get(nodeName);
        return new ClusterView(
                self == null ? null : self.node(),
                current.own(),
                current.problem(),
                current.leases(),
                current.everywhere(),
                current.warnings(),
                current.conflicts(),
                pods,
                podsListed);
    }

    /** What is kept until a node changes; how it was found would be as large as all nodes. */
    private record Findings(
            List<Cidr> own,
            String problem,
            List<SubnetLease> leases,
            ClusterAddresses everywhere,
            List<String> warnings,
            List<Conflict> conflicts) {}

    /** One pass over the nodes, oldest first; then their leases, by name. */
    private final class Derivation {
        private final ClaimedRanges ranges = new ClaimedRanges();
        private final Map<InetAddress, String> addresses = new HashMap<>();
        private final Set<String> leftOut = new HashSet<>();
        private final List<String> warnings = new ArrayList<>();
        private final List<Conflict> conflicts = new ArrayList<>();
        private final Map<String, SubnetLease> extended = new HashMap<>();
        private List<Cidr> own = List.of();
        private String problem = "";

        Findings run() {
            if (!nodes.containsKey(nodeName)) {
                problem =
                        ("there is no Node object named %s in the cluster: pass the name that the"
                                        + " kubelet registered as --node-name or NODE_NAME")
                                .formatted(nodeName);
            }
            byAge.forEach(this::add);
            byAge.forEach(this::addRetained);
            List<SubnetLease> leases = List.copyOf(foundLeases());
            return new Findings(own, problem, leases, everywhere(), warnings, conflicts);
        }

        private void add(NodeClaim claim) {
            String name = claim.node().name();
            boolean self = name.equals(nodeName);
            try {
                requireUsable(claim, self);
                claimRanges(claim);
                claimAddress(claim);
                claim.podCidrs().forEach(cidr -> ranges.add(cidr, name));
                if (self) {
                    own = claim.podCidrs();
                } else {
                    requireSameNetwork(claim);
                }
            } catch (IllegalArgumentException e) {
                leftOut.add(name);
                if (self) {
                    problem = String.valueOf(e.getMessage());
                } else {
                    warnings.add(e.getMessage() + "; its pods cannot be reached");
                }
            }
        }

        private static void requireUsable(NodeClaim claim, boolean self) {
            if (!claim.problem().isEmpty()) {
                throw new IllegalArgumentException(claim.problem());
            }
            if (self && claim.podCidrs().isEmpty()) {
                throw new IllegalArgumentException(
                        ("node %s has no podCIDR yet: run kube-controller-manager with"
                                        + " --allocate-node-cidrs and --cluster-cidr, or set"
                                        + " spec.podCIDRs")
                                .formatted(claim.node().name()));
            }
        }

        private void claimRanges(NodeClaim claim) {
            for (Cidr cidr : claim.podCidrs()) {
                ClaimedRanges.Claim earlier = ranges.overlapping(cidr);
                if (earlier != null) {
                    String name = claim.node().name();
                    throw conflict(
                            Conflict.Kind.POD_CIDR,
                            earlier.node(),
                            name,
                            "podCIDR %s of node %s overlaps %s of the older node %s"
                                    .formatted(cidr, name, earlier.cidr(), earlier.node()));
                }
            }
        }

        /** Packets are known by the address that they come from, so it can be one node's only. */
        private void claimAddress(NodeClaim claim) {
            VtepAnnouncement vtep = claim.node().vtep();
            if (vtep == null || claim.lease() == null || vtep.vni() != vni) {
                return;
            }
            String name = claim.node().name();
            String earlier = addresses.putIfAbsent(vtep.address(), name);
            if (earlier == null) {
                return;
            }
            IllegalArgumentException refusal =
                    conflict(
                            Conflict.Kind.ADDRESS,
                            earlier,
                            name,
                            "node %s announces the address %s of the older node %s"
                                    .formatted(name, vtep.address().getHostAddress(), earlier));
            // What this node announced last may be out of date: it knows better where it is.
            if (!name.equals(nodeName)) {
                throw refusal;
            }
        }

        private IllegalArgumentException conflict(
                Conflict.Kind kind, String keeper, String loser, String sentence) {
            conflicts.add(new Conflict(kind, keeper, loser, sentence));
            return new IllegalArgumentException(sentence);
        }

        private void requireSameNetwork(NodeClaim claim) {
            VtepAnnouncement vtep = claim.node().vtep();
            if (claim.lease() != null && vtep != null && vtep.vni() != vni) {
                throw new IllegalArgumentException(
                        "node %s uses VNI %d and this node %d"
                                .formatted(claim.node().name(), vtep.vni(), vni));
            }
        }

        /**
         * Ranges that were a node's before are its as long as nobody else has them: what the API
         * says of others comes first.
         */
        private void addRetained(NodeClaim claim) {
            VtepAnnouncement vtep = claim.node().vtep();
            SubnetLease lease = claim.lease();
            if (vtep == null || vtep.retained().isEmpty() || lease == null || isLeftOut(lease)) {
                return;
            }
            List<Cidr> cidrs = new ArrayList<>(lease.podCidrs());
            for (Cidr cidr : vtep.retained()) {
                if (isFree(cidr)) {
                    ranges.add(cidr, lease.node());
                    cidrs.add(cidr);
                }
            }
            extended.put(lease.node(), new SubnetLease(lease.node(), cidrs, lease.vtep()));
        }

        private boolean isFree(Cidr cidr) {
            return ranges.overlapping(cidr) == null
                    && (clusterCidrs.isEmpty()
                            || clusterCidrs.stream().anyMatch(range -> range.contains(cidr)));
        }

        private boolean isLeftOut(SubnetLease lease) {
            return leftOut.contains(lease.node()) || lease.node().equals(nodeName);
        }

        /** Of nodes that are left out too: their pods and they themselves are no strangers. */
        private ClusterAddresses everywhere() {
            Set<Cidr> podRanges = new HashSet<>();
            Set<InetAddress> addresses = new HashSet<>();
            for (NodeClaim claim : nodes.values()) {
                podRanges.addAll(claim.podCidrs());
                addresses.addAll(claim.node().internalIps());
                VtepAnnouncement vtep = claim.node().vtep();
                if (vtep != null) {
                    podRanges.addAll(vtep.retained());
                    addresses.add(vtep.address());
                }
            }
            return new ClusterAddresses(podRanges, addresses);
        }

        private List<SubnetLease> foundLeases() {
            List<SubnetLease> found = new ArrayList<>(nodes.size());
            for (NodeClaim claim : nodes.values()) {
                SubnetLease lease = claim.lease();
                if (lease != null && !isLeftOut(lease)) {
                    found.add(extended.getOrDefault(lease.node(), lease));
                }
            }
            return found;
        }
    }
}
