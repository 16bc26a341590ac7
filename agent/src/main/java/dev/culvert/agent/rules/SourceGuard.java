package dev.culvert.agent.rules;

import dev.culvert.agent.attachment.LocalPod;
import dev.culvert.agent.ipam.Endpoint;
import dev.culvert.agent.sandbox.Attachment;
import dev.culvert.iptables.Chain;
import dev.culvert.iptables.PacketFilter;
import dev.culvert.iptables.Place;
import dev.culvert.iptables.Protocol;
import dev.culvert.iptables.Rule;
import dev.culvert.iptables.RuleBuilder;
import dev.culvert.iptables.Table;
import dev.culvert.iptables.TableName;
import dev.culvert.net.Cidr;
import dev.culvert.net.IpFamily;
import dev.culvert.net.MacAddress;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Pods send from their own addresses only, IP and hardware, and no overlay packets to nodes: the
 * rest is dropped and counted, before connections are tracked. The sync thread's only.
 *
 * <p>The names of the nodes' ends of veths end in hexadecimal digits of a hash: the first of them
 * chooses a chain, in which there are few pods. So a packet meets some 20 rules on a node with 110
 * pods. Sets of addresses and bridge ports exist, but iptables cannot ask for them.
 *
 * <p>Where the kernel does not hand bridged packets to the packet filter, no packet has a bridge
 * port there, and all pass. Where it cannot ask for ports at all, only the overlay's port is
 * guarded: {@link FrameGuard} looks at sources too.
 */
public final class SourceGuard implements RulePart {
    /** Holds the rule that counts and drops what has another source than its pod. */
    public static final String SPOOFED_CHAIN = "CULVERT-SPOOFED";

    /** Holds the rule that counts and drops pods' packets to the overlay's port. */
    public static final String OVERLAY_CHAIN = "CULVERT-OVERLAY";

    private static final Logger LOG = LogManager.getLogger(SourceGuard.class);

    private static final String CHAIN = "CULVERT-SOURCE";

    /** How the names of all nodes' ends begin. */
    private static final String PORTS = "cv";

    private static final Cidr LOOPBACK = Cidr.parse("127.0.0.0/8");
    private static final Cidr LINK_LOCAL = Cidr.parse("fe80::/10");
    private static final Cidr UNSPECIFIED = Cidr.parse("::/128");

    private final Set<String> chains = new HashSet<>();
    private @Nullable RulesNode rendered;
    private @Nullable PacketFilter into;
    private boolean asksForPorts = true;
    private volatile String limitation = "";

    /** Has said nothing yet. */
    public SourceGuard() {}

    /** A sentence about what is left out on this node, or empty; any thread. */
    public String limitation() {
        return limitation;
    }

    @Override
    public boolean doesWithout(String sentence) {
        boolean isAbout =
                Stream.of("physdev", "--mac-source", "Extension mac ").anyMatch(sentence::contains);
        if (!asksForPorts || !isAbout) {
            return false;
        }
        asksForPorts = false;
        rendered = null;
        limitation =
                "iptables cannot ask for bridge ports or hardware addresses here: its rules about"
                        + " pods' sources are left out until the agent starts again. Load the"
                        + " kernel modules xt_physdev and xt_mac";
        LOG.warn("{} refused={}", limitation, sentence);
        return true;
    }

    @Override
    public void render(RulesNode node, PacketFilter filter) {
        RulesNode before = rendered;
        if (filter == into
                && before != null
                && before.pods().equals(node.pods())
                && before.config().equals(node.config())) {
            return;
        }
        node.families().forEach(family -> render(node, family, filter));
        rendered = node;
        into = filter;
    }

    private void render(RulesNode node, IpFamily family, PacketFilter filter) {
        Table table = filter.table(family, TableName.RAW);
        Map<Character, List<Rule>> pods = asksForPorts ? pods(node, family) : Map.of();
        pods.forEach((digit, rules) -> table.setChain(new Chain(chain(digit), rules)));
        table.setChain(new Chain(CHAIN, dispatch(node, family, pods.keySet())));
        table.setChain(Chain.of(SPOOFED_CHAIN, Rule.matching().drop()));
        table.setChain(Chain.of(OVERLAY_CHAIN, Rule.matching().drop()));
        table.setRules("PREROUTING", Place.FIRST, jumps(node.config().bridge(), family));
        for (String chain : table.chainNames()) {
            if (chains.contains(chain) && !pods.containsKey(chain.charAt(chain.length() - 1))) {
                table.removeChain(chain);
            }
        }
        pods.keySet().forEach(digit -> chains.add(chain(digit)));
    }

    /** What is only for the node itself must not be reached through route_localnet. */
    private List<Rule> jumps(String bridge, IpFamily family) {
        List<Rule> jumps = new ArrayList<>();
        if (family == IpFamily.IPV4) {
            jumps.add(
                    Rule.matching()
                            .destination(LOOPBACK)
                            .inInterface(bridge)
                            .comment("the node's own loopback")
                            .drop());
        }
        RuleBuilder fromPods = Rule.matching().inInterface(bridge);
        jumps.add((asksForPorts ? fromPods.inBridgePort(PORTS + "+") : fromPods).jump(CHAIN));
        return jumps;
    }

    private List<Rule> dispatch(RulesNode node, IpFamily family, Set<Character> digits) {
        int port = node.config().port();
        List<Rule> rules = new ArrayList<>();
        rules.add(toOverlay(port).destinationInSet(ClusterSets.nodes(family)).goTo(OVERLAY_CHAIN));
        rules.add(toOverlay(port).destinationLocal().goTo(OVERLAY_CHAIN));
        if (!asksForPorts) {
            return rules;
        }
        if (family == IpFamily.IPV6) {
            for (Cidr each : List.of(LINK_LOCAL, UNSPECIFIED)) {
                rules.add(Rule.matching().source(each).comment("finds neighbours").goBack());
            }
        }
        for (char digit : digits) {
            rules.add(Rule.matching().inBridgePort(PORTS + digit + "+").goTo(chain(digit)));
        }
        rules.add(Rule.matching().goTo(SPOOFED_CHAIN));
        return rules;
    }

    private static RuleBuilder toOverlay(int port) {
        return Rule.matching().protocol(Protocol.UDP).destinationPort(port);
    }

    /** The rules of each chain, by the digit that leads to it. */
    private static Map<Character, List<Rule>> pods(RulesNode node, IpFamily family) {
        Map<Character, List<Rule>> chains = new TreeMap<>();
        for (LocalPod pod : node.pods()) {
            Endpoint endpoint = pod.lease().endpoint();
            String port = Attachment.hostVeth(endpoint.containerId(), endpoint.ifName());
            List<Rule> rules =
                    chains.computeIfAbsent(port.charAt(PORTS.length()), _ -> new ArrayList<>());
            for (InetAddress address : pod.lease().addresses()) {
                if (IpFamily.of(address) == family) {
                    rules.add(own(pod, port, address));
                }
            }
        }
        chains.values().forEach(rules -> rules.add(Rule.matching().goTo(SPOOFED_CHAIN)));
        return chains;
    }

    private static Rule own(LocalPod pod, String port, InetAddress address) {
        RuleBuilder rule = Rule.matching().source(Cidr.ofHost(address)).inBridgePort(port);
        MacAddress mac = pod.mac();
        if (mac != null) {
            rule.match("-m", "mac", "--mac-source", mac.toString());
        }
        return rule.comment(pod.lease().pod()).goBack();
    }

    private static String chain(char digit) {
        return CHAIN + "-" + digit;
    }
}
