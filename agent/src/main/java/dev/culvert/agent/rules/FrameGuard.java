package dev.culvert.agent.rules;

import dev.culvert.agent.attachment.LocalPod;
import dev.culvert.agent.ipam.Endpoint;
import dev.culvert.agent.sandbox.Attachment;
import dev.culvert.iptables.FrameTable;
import dev.culvert.iptables.IptablesCommand;
import dev.culvert.iptables.PacketFilter;
import dev.culvert.net.IpFamily;
import dev.culvert.net.MacAddress;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Pods send frames from their own hardware address only, say of no other address that it is theirs
 * (ARP, IPv6 neighbour advertisements), do not call themselves routers, and send nothing but IP and
 * ARP, since no rule knows what else says. The rest is dropped and counted before the bridge learns
 * from it. IP sources are checked too, and so even where {@link SourceGuard} sees no bridged
 * packets.
 *
 * <p>Link-local addresses are not checked: pods choose them themselves. What the kernel or the
 * programs cannot do is said once and tried again at each resync; it holds up nothing. The sync
 * thread's only, except {@link #limitation} and {@link #isOwnChange}.
 */
public final class FrameGuard implements RulePart {
    private static final Logger LOG = LogManager.getLogger(FrameGuard.class);

    private final FrameTable table;
    private final Runnable repaired;
    private volatile String limitation = "";
    private boolean isDue = true;
    private @Nullable List<LocalPod> rendered;

    /**
     * @param command runs {@code nft} where the bridge is
     * @param repaired hears when somebody else had changed the table
     */
    public FrameGuard(IptablesCommand command, Runnable repaired) {
        this.table =
                new FrameTable(
                        command,
                        Stream.of(RulesMeter.Drop.values()).map(RulesMeter.Drop::label).toList());
        this.repaired = repaired;
    }

    /** A sentence about what is not checked on this node, or empty. */
    public String limitation() {
        return limitation;
    }

    /** Whether what these programs changed is most likely the guard's own table. Any thread. */
    public boolean isOwnChange(Set<String> programs) {
        return programs.equals(Set.of(FrameTable.PROGRAM)) && table.isRecent();
    }

    @Override
    public void render(RulesNode node, PacketFilter filter) {
        if (node.pods().equals(rendered)) {
            return;
        }
        Map<String, List<String>> ports = new TreeMap<>();
        for (LocalPod pod : node.pods()) {
            Endpoint endpoint = pod.lease().endpoint();
            ports.put(Attachment.hostVeth(endpoint.containerId(), endpoint.ifName()), rules(pod));
        }
        table.setPorts(ports);
        rendered = node.pods();
        isDue |= limitation.isEmpty();
    }

    private static List<String> rules(LocalPod pod) {
        List<String> rules = new ArrayList<>();
        MacAddress mac = pod.mac();
        if (mac != null) {
            rules.add("ether saddr != " + mac + drop(RulesMeter.Drop.SPOOFED_SOURCE));
        }
        rules.addAll(ipv4(addresses(pod, IpFamily.IPV4), mac));
        rules.addAll(ipv6(addresses(pod, IpFamily.IPV6)));
        rules.add(drop(RulesMeter.Drop.FOREIGN_PROTOCOL).strip());
        return rules;
    }

    /** Sender 0.0.0.0 asks whether anybody has an address. */
    private static List<String> ipv4(List<InetAddress> own, @Nullable MacAddress mac) {
        List<String> rules = new ArrayList<>();
        String sender = mac == null ? "" : "arp saddr ether " + mac + " ";
        for (InetAddress each : own) {
            rules.add("ip saddr " + each.getHostAddress() + " accept");
        }
        rules.add("ether type ip" + drop(RulesMeter.Drop.SPOOFED_SOURCE));
        rules.add("arp saddr ip 0.0.0.0 " + sender + "accept");
        for (InetAddress each : own) {
            rules.add("arp saddr ip " + each.getHostAddress() + " " + sender + "accept");
        }
        rules.add("ether type arp" + drop(RulesMeter.Drop.SPOOFED_NEIGHBOR));
        return rules;
    }

    /** An advertisement's target is the 16 bytes that begin at its ninth. */
    private static List<String> ipv6(List<InetAddress> own) {
        StringBuilder sources = new StringBuilder("::, fe80::/10");
        own.forEach(each -> sources.append(", ").append(each.getHostAddress()));
        String advertisement = "icmpv6 type nd-neighbor-advert";
        List<String> rules = new ArrayList<>();
        rules.add("ip6 saddr != { " + sources + " }" + drop(RulesMeter.Drop.SPOOFED_SOURCE));
        rules.add("ether type ip6 meta l4proto != ipv6-icmp accept");
        rules.add(
                "icmpv6 type { nd-router-advert, nd-redirect }"
                        + drop(RulesMeter.Drop.SPOOFED_NEIGHBOR));
        rules.add(advertisement + " @th,64,10 0x3fa accept");
        for (InetAddress each : own) {
            String target = HexFormat.of().formatHex(each.getAddress());
            rules.add(advertisement + " @th,64,128 0x" + target + " accept");
        }
        rules.add(advertisement + drop(RulesMeter.Drop.SPOOFED_NEIGHBOR));
        rules.add("ether type ip6 accept");
        return rules;
    }

    private static List<InetAddress> addresses(LocalPod pod, IpFamily family) {
        return pod.lease().addresses().stream()
                .filter(each -> IpFamily.of(each) == family)
                .toList();
    }

    private static String drop(RulesMeter.Drop reason) {
        return " counter name " + reason.label() + " drop";
    }

    @Override
    public void queueResync() {
        table.queueResync();
        isDue = true;
    }

    @Override
    public void applied(RulesNode node) throws IOException {
        if (!isDue) {
            return;
        }
        isDue = false;
        try {
            if (table.apply()) {
                repaired.run();
            }
            cannot("");
        } catch (InterruptedIOException e) {
            throw e;
        } catch (IOException e) {
            cannot(
                    "pods' ARP and IPv6 neighbour messages are not checked: %s. It needs the program"
                                    .formatted(e.getMessage())
                            + " nft and a kernel with CONFIG_NF_TABLES_BRIDGE");
        }
    }

    private void cannot(String sentence) {
        if (!sentence.isEmpty() && !sentence.equals(limitation)) {
            LOG.warn("{}", sentence);
        }
        limitation = sentence;
    }

    @Override
    public Map<RulesMeter.Drop, Long> dropped() throws IOException {
        if (!limitation.isEmpty()) {
            return Map.of();
        }
        Map<String, Long> packets = table.packets();
        Map<RulesMeter.Drop, Long> dropped = new EnumMap<>(RulesMeter.Drop.class);
        for (RulesMeter.Drop reason : RulesMeter.Drop.values()) {
            dropped.put(reason, packets.getOrDefault(reason.label(), 0L));
        }
        return dropped;
    }
}
