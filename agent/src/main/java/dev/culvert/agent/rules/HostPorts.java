package dev.culvert.agent.rules;

import dev.culvert.agent.attachment.LocalPod;
import dev.culvert.agent.attachment.PortMapping;
import dev.culvert.iptables.Chain;
import dev.culvert.iptables.IpSet;
import dev.culvert.iptables.PacketFilter;
import dev.culvert.iptables.Place;
import dev.culvert.iptables.Protocol;
import dev.culvert.iptables.Rule;
import dev.culvert.iptables.RuleBuilder;
import dev.culvert.iptables.SetMember;
import dev.culvert.iptables.Table;
import dev.culvert.iptables.TableName;
import dev.culvert.linux.LinuxException;
import dev.culvert.linux.conntrack.Connection;
import dev.culvert.linux.conntrack.Conntrack;
import dev.culvert.linux.conntrack.FlowTuple;
import dev.culvert.net.Cidr;
import dev.culvert.net.IpFamily;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Ports of the node that lead to pods. The chain stands behind kube-proxy's, and only for addresses
 * of this node. The sync thread's only.
 *
 * <p>What comes from the node's loopback, or from the very pod that it leads to, would not find its
 * way back: it takes the bridge's address.
 */
public final class HostPorts implements RulePart {
    /** Begins with the rules of this part, and is led to from POSTROUTING. */
    static final String MASQUERADE_CHAIN = "CULVERT-HOSTPORT-MASQ";

    private static final String CHAIN = "CULVERT-HOSTPORT";
    private static final String KUBE_CHAIN = "KUBE-SERVICES";
    private static final Cidr LOOPBACK = Cidr.parse("127.0.0.0/8");

    /** A port of the node, and where it leads. */
    private record Target(PortMapping mapping, InetAddress pod) {
        IpFamily family() {
            return IpFamily.of(pod);
        }

        Rule rule() {
            RuleBuilder rule =
                    Rule.matching()
                            .protocol(mapping.protocol())
                            .destinationPort(mapping.hostPort());
            InetAddress on = mapping.address();
            if (on != null) {
                rule.destination(Cidr.ofHost(on));
            }
            return rule.translateDestination(pod, mapping.containerPort());
        }

        /** A connection that was begun when the port led elsewhere, or nowhere. */
        boolean isStale(Connection connection, RulesNode node, boolean wanted) {
            FlowTuple original = connection.original();
            if (original.protocol() != number(mapping.protocol())
                    || original.destinationPort() != mapping.hostPort()) {
                return false;
            }
            InetAddress destination = connection.destination();
            if (!wanted) {
                return destination.equals(pod)
                        && connection.destinationPort() == mapping.containerPort();
            }
            boolean translated = !destination.equals(original.destination());
            return isOn(original.destination(), node)
                    && (translated
                            ? isElsewhere(destination, node)
                            : mapping.protocol() == Protocol.UDP);
        }

        private boolean isOn(InetAddress address, RulesNode node) {
            InetAddress on = mapping.address();
            return on == null ? isNode(address, node) : on.equals(address);
        }

        private boolean isElsewhere(InetAddress address, RulesNode node) {
            return !address.equals(pod)
                    && node.podRanges().stream().anyMatch(range -> range.contains(address));
        }

        private static boolean isNode(InetAddress address, RulesNode node) {
            return address.isLoopbackAddress() || node.cluster().nodes().contains(address);
        }

        private static int number(Protocol protocol) {
            return switch (protocol) {
                case TCP -> FlowTuple.TCP;
                case UDP -> FlowTuple.UDP;
                case SCTP -> FlowTuple.SCTP;
            };
        }
    }

    private final @Nullable Conntrack conntrack;
    private final Supplier<Set<InetAddress>> services;
    private List<Target> rendered = List.of();
    private Set<InetAddress> serviceAddresses = Set.of();
    private @Nullable PacketFilter into;
    private Set<Target> inForce = Set.of();

    /**
     * @param conntrack the node's; null where it cannot be read, so that connections keep what they
     *     had when they began
     * @param services which of the node's addresses are not the node's but Services'; asked in each
     *     round while there are ports
     */
    public HostPorts(@Nullable Conntrack conntrack, Supplier<Set<InetAddress>> services) {
        this.conntrack = conntrack;
        this.services = services;
    }

    @Override
    public void render(RulesNode node, PacketFilter filter) {
        List<Target> targets = targets(node);
        Set<InetAddress> excepted = targets.isEmpty() ? Set.of() : services.get();
        if (filter == into && targets.equals(rendered) && excepted.equals(serviceAddresses)) {
            return;
        }
        for (IpFamily family : node.families()) {
            String set = services(family);
            Set<SetMember> members = members(excepted, family);
            if (members.isEmpty()) {
                filter.sets().removeIpSet(set);
            } else {
                filter.sets().setIpSet(new IpSet(set, IpSet.Type.IP, family, members));
            }
            render(
                    node.config().bridge(),
                    targets.stream().filter(each -> each.family() == family).toList(),
                    filter.table(family, TableName.NAT),
                    targets.isEmpty(),
                    members.isEmpty() ? "" : set);
        }
        rendered = targets;
        serviceAddresses = excepted;
        into = filter;
    }

    private static List<Target> targets(RulesNode node) {
        List<Target> targets = new ArrayList<>();
        for (LocalPod pod : node.pods()) {
            for (PortMapping mapping : pod.ports()) {
                pod.lease().addresses().stream()
                        .filter(address -> mapping.serves(IpFamily.of(address)))
                        .forEach(address -> targets.add(new Target(mapping, address)));
            }
        }
        return targets;
    }

    private static Set<SetMember> members(Set<InetAddress> addresses, IpFamily family) {
        return addresses.stream()
                .filter(each -> IpFamily.of(each) == family)
                .map(SetMember::of)
                .collect(Collectors.toSet());
    }

    private static String services(IpFamily family) {
        return "CULVERT-SERVICES-" + (family == IpFamily.IPV4 ? 4 : 6);
    }

    private static void render(
            String bridge, List<Target> targets, Table table, boolean none, String services) {
        List<Rule> jumps = new ArrayList<>();
        if (none) {
            table.removeChain(CHAIN);
            table.removeChain(MASQUERADE_CHAIN);
        } else {
            List<Rule> rules = new ArrayList<>();
            if (!services.isEmpty()) {
                rules.add(Rule.matching().destinationInSet(services).goBack());
            }
            targets.forEach(target -> rules.add(target.rule()));
            table.setChain(new Chain(CHAIN, rules));
            table.setChain(new Chain(MASQUERADE_CHAIN, masquerades(bridge, targets)));
            jumps.add(Rule.matching().destinationLocal().jump(CHAIN));
        }
        table.setRules("PREROUTING", Place.after(KUBE_CHAIN), jumps);
        table.setRules("OUTPUT", Place.after(KUBE_CHAIN), jumps);
    }

    private static List<Rule> masquerades(String bridge, List<Target> targets) {
        List<Rule> rules = new ArrayList<>();
        Set<InetAddress> pods = new HashSet<>();
        for (Target target : targets) {
            if (pods.add(target.pod())) {
                Cidr pod = Cidr.ofHost(target.pod());
                rules.add(
                        Rule.matching()
                                .source(pod)
                                .destination(pod)
                                .outInterface(bridge)
                                .comment("from a pod to itself")
                                .masquerade(false));
            }
        }
        if (pods.stream().anyMatch(pod -> IpFamily.of(pod) == IpFamily.IPV4)) {
            rules.add(
                    Rule.matching()
                            .source(LOOPBACK)
                            .outInterface(bridge)
                            .comment("from the node's loopback")
                            .masquerade(false));
        }
        return rules;
    }

    @Override
    public void applied(RulesNode node) throws LinuxException {
        Set<Target> now = Set.copyOf(rendered);
        if (conntrack != null && !now.equals(inForce)) {
            Set<Target> changed = new HashSet<>(now);
            changed.addAll(inForce);
            changed.removeIf(each -> now.contains(each) && inForce.contains(each));
            for (IpFamily family : node.families()) {
                forget(conntrack, family, changed, now, node);
            }
        }
        inForce = now;
    }

    private static void forget(
            Conntrack conntrack,
            IpFamily family,
            Set<Target> changed,
            Set<Target> now,
            RulesNode node)
            throws LinuxException {
        for (Connection each : conntrack.connections(family)) {
            if (changed.stream()
                    .anyMatch(target -> target.isStale(each, node, now.contains(target)))) {
                conntrack.delete(each);
            }
        }
    }
}
