package dev.culvert.agent.state;

import dev.culvert.net.Cidr;
import dev.culvert.net.IpFamily;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The cluster as this node sees it: takes events, derives what should be. Pure and single-threaded:
 * the sync thread's.
 *
 * <p>Where two nodes claim ranges that overlap, the one that was created first keeps it, on every
 * node alike, and the other is left out and reported. So it is with underlay addresses.
 */
public final class ClusterState {
    private static final Comparator<NodeInfo> BY_AGE =
            Comparator.comparing(NodeInfo::created).thenComparing(NodeInfo::name);

    private final String nodeName;
    private final int vni;
    private final List<Cidr> clusterCidrs;
    private final Map<String, NodeInfo> nodes = new TreeMap<>();
    private final Map<String, PodInfo> pods = new TreeMap<>();
    private boolean listed;
    private boolean podsListed;

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

    /** Takes note of an event. */
    public void apply(ClusterEvent event) {
        switch (event) {
            case ClusterEvent.NodeChanged(NodeInfo node) -> nodes.put(node.name(), node);
            case ClusterEvent.NodeRemoved(String name) -> nodes.remove(name);
            case ClusterEvent.PodChanged(PodInfo pod) -> pods.put(pod.key(), pod);
            case ClusterEvent.PodRemoved(String key) -> pods.remove(key);
            case ClusterEvent.NodesListed() -> listed = true;
            case ClusterEvent.PodsListed() -> podsListed = true;
        }
    }

    /** Whether all nodes are known: nothing may be removed before. */
    public boolean isListed() {
        return listed;
    }

    /** What follows from the events so far. */
    public ClusterView view() {
        Derivation derivation = new Derivation();
        nodes.values().stream().sorted(BY_AGE).forEach(derivation::add);
        nodes.values().stream().sorted(BY_AGE).forEach(derivation::addRetained);
        NodeInfo self = nodes.get(nodeName);
        if (self == null) {
            derivation.problem =
                    ("there is no Node object named %s in the cluster: pass the name that the"
                                    + " kubelet registered as --node-name or NODE_NAME")
                            .formatted(nodeName);
        }
        derivation.leases.sort(Comparator.comparing(SubnetLease::node));
        return new ClusterView(
                self,
                derivation.own,
                derivation.problem,
                derivation.leases,
                derivation.warnings,
                derivation.conflicts,
                pods,
                podsListed);
    }

    /** One pass over the nodes, oldest first. */
    private final class Derivation {
        private record Claim(Cidr cidr, String node) {}

        private final List<Claim> claims = new ArrayList<>();
        private final List<SubnetLease> leases = new ArrayList<>();
        private final List<String> warnings = new ArrayList<>();
        private final List<Conflict> conflicts = new ArrayList<>();
        private final Map<InetAddress, String> addresses = new HashMap<>();
        private List<Cidr> own = List.of();
        private String problem = "";

        void add(NodeInfo node) {
            boolean self = node.name().equals(nodeName);
            try {
                List<Cidr> cidrs = podCidrs(node, self);
                claimAddress(node, cidrs);
                cidrs.forEach(cidr -> claims.add(new Claim(cidr, node.name())));
                if (self) {
                    own = cidrs;
                } else {
                    addLease(node, cidrs);
                }
            } catch (IllegalArgumentException e) {
                if (self) {
                    problem = String.valueOf(e.getMessage());
                } else {
                    warnings.add(e.getMessage() + "; its pods cannot be reached");
                }
            }
        }

        /** Packets are known by the address that they come from, so it can be one node's only. */
        private void claimAddress(NodeInfo node, List<Cidr> cidrs) {
            VtepAnnouncement vtep = node.vtep();
            if (vtep == null || cidrs.isEmpty() || vtep.vni() != vni) {
                return;
            }
            String earlier = addresses.putIfAbsent(vtep.address(), node.name());
            if (earlier == null) {
                return;
            }
            IllegalArgumentException refusal =
                    conflict(
                            Conflict.Kind.ADDRESS,
                            earlier,
                            node,
                            "node %s announces the address %s of the older node %s"
                                    .formatted(
                                            node.name(), vtep.address().getHostAddress(), earlier));
            // What this node announced last may be out of date: it knows better where it is.
            if (!node.name().equals(nodeName)) {
                throw refusal;
            }
        }

        private IllegalArgumentException conflict(
                Conflict.Kind kind, String keeper, NodeInfo loser, String sentence) {
            conflicts.add(new Conflict(kind, keeper, loser.name(), sentence));
            return new IllegalArgumentException(sentence);
        }

        private void addLease(NodeInfo node, List<Cidr> cidrs) {
            VtepAnnouncement vtep = node.vtep();
            if (vtep == null || cidrs.isEmpty()) {
                return;
            }
            if (vtep.vni() != vni) {
                throw new IllegalArgumentException(
                        "node %s uses VNI %d and this node %d"
                                .formatted(node.name(), vtep.vni(), vni));
            }
            leases.add(new SubnetLease(node.name(), cidrs, vtep.vtepOf(node.name())));
        }

        /**
         * Ranges that were a node's before are its as long as nobody else has them: what the API
         * says of others comes first.
         */
        void addRetained(NodeInfo node) {
            VtepAnnouncement vtep = node.vtep();
            if (vtep == null || vtep.retained().isEmpty()) {
                return;
            }
            for (SubnetLease lease : List.copyOf(leases)) {
                if (lease.node().equals(node.name())) {
                    List<Cidr> cidrs = new ArrayList<>(lease.podCidrs());
                    vtep.retained().stream().filter(this::isFree).forEach(cidrs::add);
                    leases.set(
                            leases.indexOf(lease),
                            new SubnetLease(node.name(), cidrs, lease.vtep()));
                    cidrs.forEach(cidr -> claims.add(new Claim(cidr, node.name())));
                }
            }
        }

        private boolean isFree(Cidr cidr) {
            return overlapping(cidr) == null
                    && (clusterCidrs.isEmpty()
                            || clusterCidrs.stream().anyMatch(range -> range.contains(cidr)));
        }

        private List<Cidr> podCidrs(NodeInfo node, boolean self) {
            if (self && node.podCidrs().isEmpty()) {
                throw new IllegalArgumentException(
                        ("node %s has no podCIDR yet: run kube-controller-manager with"
                                        + " --allocate-node-cidrs and --cluster-cidr, or set"
                                        + " spec.podCIDRs")
                                .formatted(node.name()));
            }
            List<Cidr> cidrs = new ArrayList<>();
            Set<IpFamily> families = EnumSet.noneOf(IpFamily.class);
            for (String text : node.podCidrs()) {
                Cidr cidr = checked(node, text);
                if (!families.add(cidr.family())) {
                    throw new IllegalArgumentException(
                            "node %s has two podCIDRs of the same family: %s"
                                    .formatted(node.name(), node.podCidrs()));
                }
                cidrs.add(cidr);
            }
            return cidrs;
        }

        private Cidr checked(NodeInfo node, String text) {
            Cidr cidr = parse(node, text);
            int hostBits = cidr.family().addressBits() - cidr.prefixLength();
            if (hostBits < 2) {
                throw new IllegalArgumentException(
                        "podCIDR %s of node %s is too small for pods".formatted(cidr, node.name()));
            }
            if (!clusterCidrs.isEmpty()
                    && clusterCidrs.stream().noneMatch(range -> range.contains(cidr))) {
                throw new IllegalArgumentException(
                        "podCIDR %s of node %s is outside the configured clusterCidrs %s"
                                .formatted(cidr, node.name(), clusterCidrs));
            }
            Claim earlier = overlapping(cidr);
            if (earlier != null) {
                throw conflict(
                        Conflict.Kind.POD_CIDR,
                        earlier.node(),
                        node,
                        "podCIDR %s of node %s overlaps %s of the older node %s"
                                .formatted(cidr, node.name(), earlier.cidr(), earlier.node()));
            }
            return cidr;
        }

        private static Cidr parse(NodeInfo node, String text) {
            try {
                return Cidr.parse(text);
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(
                        "node %s has a malformed podCIDR: %s"
                                .formatted(node.name(), e.getMessage()),
                        e);
            }
        }

        private @Nullable Claim overlapping(Cidr cidr) {
            return claims.stream()
                    .filter(claim -> claim.cidr().overlaps(cidr))
                    .findFirst()
                    .orElse(null);
        }
    }
}
