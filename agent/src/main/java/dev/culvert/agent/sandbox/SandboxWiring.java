package dev.culvert.agent.sandbox;

import dev.culvert.linux.Errno;
import dev.culvert.linux.LinuxException;
import dev.culvert.linux.netns.NetworkNamespace;
import dev.culvert.linux.route.Address;
import dev.culvert.linux.route.Link;
import dev.culvert.linux.route.LinkChange;
import dev.culvert.linux.route.Neighbor;
import dev.culvert.linux.route.RateLimit;
import dev.culvert.linux.route.Route;
import dev.culvert.linux.route.Rtnetlink;
import dev.culvert.linux.route.VethSpec;
import dev.culvert.net.IpFamily;
import dev.culvert.net.MacAddress;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Makes and removes attachments: a veth pair whose one end is a port of the node's bridge and whose
 * other end is the pod's interface, with addresses, default routes and the gateway's hardware
 * address. Any thread; calls about the same container must come one at a time.
 */
public final class SandboxWiring {
    private static final Logger LOG = LogManager.getLogger(SandboxWiring.class);

    private final Rtnetlink node;
    private final Sandboxes sandboxes;
    private final BridgePorts ports;
    private final AtomicBoolean saidThatSizeIsRefused = new AtomicBoolean();

    /**
     * @param node the node's namespace; stays open
     * @param sandboxes the way into the pods' namespaces
     */
    public SandboxWiring(Rtnetlink node, Sandboxes sandboxes) {
        this.node = node;
        this.sandboxes = sandboxes;
        this.ports = new BridgePorts(node);
    }

    /** Whether this namespace is the node's own, where no pod may be attached. */
    public boolean isNode(NetworkNamespace namespace) throws IOException {
        return sandboxes.isNode(namespace);
    }

    /** Whether the pod's namespace has an interface of this name. */
    public boolean hasInterface(NetworkNamespace namespace, String ifName) throws IOException {
        return sandboxes.call(namespace, pod -> pod.rtnetlink().link(ifName).isPresent());
    }

    /** Whether the node has this end of an attachment. */
    public boolean exists(String hostVeth) throws IOException {
        return node.link(hostVeth).isPresent();
    }

    /** The node's ends of all attachments: what has a name or an alias as ours have. */
    public List<HostVeth> hostVeths() throws IOException {
        return node.links().stream()
                .filter(link -> link.kind().equals("veth"))
                .filter(link -> Attachment.isHostVeth(link.name()) || !link.alias().isEmpty())
                .map(link -> new HostVeth(link.index(), link.name(), link.alias()))
                .toList();
    }

    /** Removes this veth, both ends, whatever its name is now; one that is gone is fine. */
    public void remove(HostVeth veth) throws IOException {
        node.deleteLink(veth.index());
    }

    /** Gives a veth its alias back. */
    public void rename(HostVeth veth, String alias) throws IOException {
        node.changeLink(veth.index(), LinkChange.NONE.withAlias(alias));
    }

    /**
     * Makes the attachment. When this fails, what was made of it is gone again, unless the kernel
     * refuses that too.
     *
     * @return the hardware address of the bridge
     */
    public MacAddress attach(Attachment attachment, NetworkNamespace namespace) throws IOException {
        Link bridge =
                node.link(attachment.bridge())
                        .orElseThrow(
                                () ->
                                        new IOException(
                                                "the bridge %s is gone; the agent makes it again"
                                                        .formatted(attachment.bridge())));
        Link host = node.createVeth(veth(attachment, namespace));
        try {
            sandboxes.call(
                    namespace,
                    pod -> {
                        configure(pod, attachment, bridge.mac());
                        return true;
                    });
            limit(node, host.index(), attachment.bandwidth().ingress(attachment.mtu()));
            ports.join(host, bridge);
            return bridge.mac();
        } catch (IOException | RuntimeException e) {
            undo(host, e);
            throw e;
        }
    }

    private static VethSpec veth(Attachment attachment, NetworkNamespace namespace) {
        return new VethSpec(
                attachment.hostVeth(),
                attachment.hostMac(),
                attachment.alias(),
                attachment.ifName(),
                attachment.podMac(),
                namespace.descriptor(),
                attachment.mtu());
    }

    private void undo(Link host, Exception cause) {
        try {
            node.deleteLink(host.index());
        } catch (IOException | RuntimeException e) {
            cause.addSuppressed(e);
        }
    }

    /** Removes the attachment, both ends; one that is not there is fine. */
    public void detach(String hostVeth) throws IOException {
        Optional<Link> host = node.link(hostVeth);
        if (host.isPresent()) {
            node.deleteLink(host.get().index());
        }
    }

    /**
     * Reads what the kernel has of an attachment.
     *
     * @param bridge the name of the bridge that it belongs to
     */
    public ObservedAttachment observe(
            String hostVeth, String bridge, String ifName, NetworkNamespace namespace)
            throws IOException {
        Link host = node.link(hostVeth).orElse(null);
        Link master = node.link(bridge).orElse(null);
        return sandboxes.call(namespace, pod -> observe(host, master, pod.rtnetlink(), ifName));
    }

    /** Whether both ends of an attachment are limited as asked; an end that is gone is not. */
    public boolean isLimited(
            String hostVeth, String ifName, NetworkNamespace namespace, Bandwidth bandwidth)
            throws IOException {
        return isLimited(node, hostVeth, bandwidth.ingressRate())
                && sandboxes.call(
                        namespace,
                        pod -> isLimited(pod.rtnetlink(), ifName, bandwidth.egressRate()));
    }

    private static boolean isLimited(Rtnetlink rtnetlink, String name, long bits)
            throws LinuxException {
        if (bits == 0) {
            return true;
        }
        Optional<Link> link = rtnetlink.link(name);
        return link.isPresent()
                && rtnetlink.rateLimit(link.get().index()).orElse(0) == Bandwidth.bytes(bits);
    }

    private static ObservedAttachment observe(
            @Nullable Link host, @Nullable Link bridge, Rtnetlink pod, String ifName)
            throws LinuxException {
        Optional<Link> found = pod.link(ifName);
        if (found.isEmpty()) {
            return new ObservedAttachment(host, bridge, null, List.of(), List.of(), List.of());
        }
        int index = found.get().index();
        return new ObservedAttachment(
                host,
                bridge,
                found.get(),
                pod.addresses().stream().filter(each -> each.linkIndex() == index).toList(),
                pod.routes().stream().filter(each -> each.linkIndex() == index).toList(),
                pod.neighbors().stream().filter(each -> each.linkIndex() == index).toList());
    }

    private void configure(Sandbox pod, Attachment attachment, MacAddress bridgeMac)
            throws IOException {
        Rtnetlink rtnetlink = pod.rtnetlink();
        Link link =
                rtnetlink
                        .link(attachment.ifName())
                        .orElseThrow(
                                () ->
                                        new IOException(
                                                "%s went away from the pod's namespace while it was set up"
                                                        .formatted(attachment.ifName())));
        Optional<Link> loopback = rtnetlink.link("lo");
        if (loopback.isPresent()) {
            rtnetlink.changeLink(loopback.get().index(), LinkChange.NONE.withUp(true));
        }
        boolean ipv6 =
                attachment.addresses().stream().anyMatch(each -> each.family() == IpFamily.IPV6);
        prepareIpv6(pod, attachment.ifName(), ipv6);
        limitSuperPackets(rtnetlink, link, attachment.gsoMaxSize());
        limit(rtnetlink, link.index(), attachment.bandwidth().egress(attachment.mtu()));
        rtnetlink.changeLink(link.index(), LinkChange.NONE.withUp(true));
        for (PodAddress address : attachment.addresses()) {
            address(rtnetlink, link.index(), address, attachment.mtu(), bridgeMac);
        }
    }

    /**
     * What leaves by the node's end goes to the pod, what leaves by the pod's end comes from it: so
     * both directions can be delayed instead of dropped, and both limits go with the veth.
     */
    private static void limit(Rtnetlink rtnetlink, int index, @Nullable RateLimit limit)
            throws IOException {
        if (limit == null) {
            return;
        }
        try {
            rtnetlink.limitRate(index, limit);
        } catch (LinuxException e) {
            if (e.errno().equals(Errno.ENOENT) || e.errno().equals(Errno.EOPNOTSUPP)) {
                throw new IOException(
                        "the kernel cannot limit the pod's bandwidth: it has no token bucket (module sch_tbf)",
                        e);
            }
            throw e;
        }
    }

    /** A matter of speed alone: without it a large super-packet leaves in two sends. */
    private void limitSuperPackets(Rtnetlink pod, Link link, int bytes) throws LinuxException {
        try {
            pod.changeLink(link.index(), LinkChange.NONE.withGsoMaxSize(bytes));
        } catch (LinuxException e) {
            if (!e.errno().equals(Errno.EINVAL) && !e.errno().equals(Errno.EOPNOTSUPP)) {
                throw e;
            }
            if (saidThatSizeIsRefused.compareAndSet(false, true)) {
                LOG.info("the kernel does not limit pods' super-packets bytes={}", bytes, e);
            }
        }
    }

    /**
     * Addresses come from us alone, and at once: no pod can pose as a router to another, which also
     * goes for pods that have IPv4 only. Runtimes switch IPv6 off in new sandboxes: without the one
     * on lo a pod would lack ::1.
     */
    private static void prepareIpv6(Sandbox pod, String ifName, boolean wanted) {
        String settings = "net/ipv6/conf/" + ifName + "/";
        trySysctl(pod, settings + "accept_ra", "0");
        if (wanted) {
            trySysctl(pod, "net/ipv6/conf/lo/disable_ipv6", "0");
            trySysctl(pod, settings + "disable_ipv6", "0");
            trySysctl(pod, settings + "accept_dad", "0");
        }
    }

    private static void trySysctl(Sandbox pod, String path, String value) {
        try {
            pod.sysctl(path, value);
        } catch (IOException e) {
            // Where it matters, adding the address fails next, with the kernel's reason.
            boolean withoutIpv6 =
                    e instanceof LinuxException refusal && refusal.errno().equals(Errno.ENOENT);
            LOG.atLevel(withoutIpv6 ? Level.DEBUG : Level.WARN)
                    .withThrowable(e)
                    .log("a pod's sysctl cannot be set path={} value={}", path, value);
        }
    }

    private static void address(
            Rtnetlink pod, int index, PodAddress address, int mtu, MacAddress bridgeMac)
            throws IOException {
        pod.ensureAddress(Address.of(index, address.address(), address.range().prefixLength()));
        pod.ensureNeighbor(new Neighbor(index, address.gateway(), bridgeMac, true));
        pod.ensureRoute(Route.to(address.everything(), index).via(address.gateway()).withMtu(mtu));
    }
}
