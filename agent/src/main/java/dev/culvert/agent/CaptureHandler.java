package dev.culvert.agent;

import dev.culvert.agent.admin.AdminAnswer;
import dev.culvert.agent.admin.AdminException;
import dev.culvert.agent.admin.AdminHandler;
import dev.culvert.agent.admin.AdminRequest;
import dev.culvert.agent.capture.Capture;
import dev.culvert.agent.capture.CaptureFilter;
import dev.culvert.agent.config.AgentConfig;
import dev.culvert.agent.state.ClusterView;
import dev.culvert.agent.state.SubnetLease;
import dev.culvert.agent.status.StatusReport;
import dev.culvert.agent.sync.NodeSynchronization;
import dev.culvert.linux.route.Address;
import dev.culvert.linux.route.KernelRtnetlink;
import dev.culvert.linux.route.Link;
import dev.culvert.net.Cidr;
import dev.culvert.net.IpAddresses;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** Answers with a capture of this node's overlay. Any thread, several at a time. */
final class CaptureHandler implements AdminHandler {
    private static final Map<String, Integer> PROTOCOLS =
            Map.of("any", 0, "icmp", 1, "tcp", 6, "udp", 17, "icmpv6", 58, "sctp", 132);
    private static final int MOST_PACKETS = 1_000_000;
    private static final int MOST_SECONDS = 3600;
    private static final int MOST_BYTES = 1 << 30;
    private static final int LEAST_BYTES = 1024;
    private static final int LARGEST_PACKET = 65536;

    private final AgentConfig config;
    private final KernelRtnetlink rtnetlink;
    private final NodeSynchronization node;
    private final Supplier<StatusReport> status;

    CaptureHandler(
            AgentConfig config,
            KernelRtnetlink rtnetlink,
            NodeSynchronization node,
            Supplier<StatusReport> status) {
        this.config = config;
        this.rtnetlink = rtnetlink;
        this.node = node;
        this.status = status;
    }

    @Override
    public void handle(AdminRequest request, AdminAnswer answer) throws IOException {
        Capture capture =
                new Capture(
                        request.text("side", "inner").equals("outer") ? outer() : inner(),
                        filter(request),
                        new Capture.Limits(
                                request.number("count", 10_000, 1, MOST_PACKETS),
                                request.number("seconds", 60, 1, MOST_SECONDS),
                                request.number("bytes", 64 << 20, LEAST_BYTES, MOST_BYTES),
                                request.number("snaplen", LARGEST_PACKET, 20, LARGEST_PACKET)));
        try (OutputStream out = answer.stream("application/x-pcapng")) {
            capture.run(out, answer::callerIsGone);
        }
    }

    private Capture.Source inner() throws IOException {
        Link tunnel =
                rtnetlink
                        .link(config.tunnel())
                        .orElseThrow(
                                () ->
                                        unavailable(
                                                "there is no %s yet: see culvert status"
                                                        .formatted(config.tunnel())));
        return new Capture.Source(tunnel.index(), tunnel.name(), 0, application());
    }

    private Capture.Source outer() throws IOException {
        StatusReport.VtepStatus vtep = status.get().vtep();
        if (vtep == null) {
            throw unavailable("the data path is not open yet: see culvert status");
        }
        InetAddress own = IpAddresses.parse(vtep.ip());
        for (Address address : rtnetlink.addresses()) {
            if (address.local().equals(own)) {
                return new Capture.Source(
                        address.linkIndex(), name(address.linkIndex()), vtep.port(), application());
            }
        }
        throw unavailable("no interface has this node's address %s now".formatted(vtep.ip()));
    }

    private String name(int index) throws IOException {
        return rtnetlink.links().stream()
                .filter(each -> each.index() == index)
                .map(Link::name)
                .findFirst()
                .orElse("");
    }

    private static AdminException unavailable(String sentence) {
        return new AdminException(AdminException.UNAVAILABLE, sentence);
    }

    private static String application() {
        return "culvert " + Version.text();
    }

    private CaptureFilter filter(AdminRequest request) throws AdminException {
        Integer protocol = PROTOCOLS.get(request.text("protocol", "any"));
        if (protocol == null) {
            throw AdminException.badRequest(
                    "protocol is '%s', but it must be any, icmp, icmpv6, tcp, udp or sctp"
                            .formatted(request.text("protocol", "")));
        }
        return new CaptureFilter(
                hosts(request.text("host", "")),
                peer(request.text("peer", "")),
                request.number("port", 0, 0, 65535),
                protocol);
    }

    private static List<Cidr> hosts(String text) throws AdminException {
        try {
            return text.isEmpty()
                    ? List.of()
                    : List.of(
                            text.contains("/")
                                    ? Cidr.parse(text)
                                    : Cidr.ofHost(IpAddresses.parse(text)));
        } catch (IllegalArgumentException e) {
            throw AdminException.badRequest("host: " + e.getMessage());
        }
    }

    private List<Cidr> peer(String name) throws AdminException {
        if (name.isEmpty()) {
            return List.of();
        }
        ClusterView view = node.loop().view();
        List<SubnetLease> leases = view == null ? List.of() : view.leases();
        return leases.stream()
                .filter(each -> each.node().equals(name))
                .map(SubnetLease::podCidrs)
                .findFirst()
                .orElseThrow(
                        () ->
                                new AdminException(
                                        AdminException.NOT_FOUND,
                                        "no peer is named '%s': see culvert peers"
                                                .formatted(name)));
    }
}
