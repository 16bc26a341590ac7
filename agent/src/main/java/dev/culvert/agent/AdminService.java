package dev.culvert.agent;

import dev.culvert.agent.admin.AdminAnswer;
import dev.culvert.agent.admin.AdminException;
import dev.culvert.agent.admin.AdminHandler;
import dev.culvert.agent.admin.AdminRequest;
import dev.culvert.agent.admin.AdminServer;
import dev.culvert.agent.config.AgentConfig;
import dev.culvert.agent.handover.AgentIdentity;
import dev.culvert.agent.ipam.AddressLease;
import dev.culvert.agent.log.AgentLog;
import dev.culvert.agent.sandbox.Attachment;
import dev.culvert.agent.state.ClusterView;
import dev.culvert.agent.state.PodInfo;
import dev.culvert.agent.status.LeaseReport;
import dev.culvert.agent.status.StatusReport;
import dev.culvert.agent.status.TraceReport;
import dev.culvert.agent.sync.NodeSynchronization;
import dev.culvert.agent.trace.NodeFacts;
import dev.culvert.agent.trace.TraceTarget;
import dev.culvert.agent.trace.Tracer;
import dev.culvert.iptables.Protocol;
import dev.culvert.linux.LinuxException;
import dev.culvert.linux.route.KernelRtnetlink;
import dev.culvert.linux.route.Link;
import dev.culvert.overlay.fdb.Fdb;
import java.io.IOException;
import java.net.InetAddress;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What the command line is answered, at {@code agent.sock} in the run directory. {@link #start} and
 * {@link #close} belong to the agent's main thread; requests are answered by threads of the server.
 */
final class AdminService implements AutoCloseable {
    /** Asks the agent to let another one have the node. */
    static final String HAND_OVER = "/v1/hand-over";

    private final Supplier<AgentConfig> config;
    private final KernelRtnetlink rtnetlink;
    private final NodeSynchronization node;
    private final Supplier<List<AddressLease>> leases;
    private final Supplier<StatusReport> status;
    private final Consumer<AgentIdentity> handOver;
    private @Nullable AdminServer server;

    /**
     * @param config the current one, asked each time
     * @param rtnetlink the node's own namespace; stays open
     * @param node what it is in sync with
     * @param leases of this node
     * @param status what {@code /status} says
     * @param handOver hears which agent asks for the node
     */
    AdminService(
            Supplier<AgentConfig> config,
            KernelRtnetlink rtnetlink,
            NodeSynchronization node,
            Supplier<List<AddressLease>> leases,
            Supplier<StatusReport> status,
            Consumer<AgentIdentity> handOver) {
        this.handOver = handOver;
        this.config = config;
        this.rtnetlink = rtnetlink;
        this.node = node;
        this.leases = leases;
        this.status = status;
    }

    /**
     * Listens.
     *
     * @throws IOException if another agent answers at the socket
     */
    void start() throws IOException {
        AdminServer created =
                new AdminServer(config.get().runDir().resolve(AdminServer.SOCKET), handlers());
        created.start();
        server = created;
    }

    private Map<String, AdminHandler> handlers() {
        Map<String, AdminHandler> handlers = new TreeMap<>();
        handlers.put("GET /v1/status", (_, answer) -> answer.json(status.get()));
        handlers.put("GET /v1/leases", (_, answer) -> answer.json(leaseReports()));
        handlers.put("GET /v1/policy", (_, answer) -> answer.json(PolicyReports.of(node)));
        handlers.put("GET /v1/trace", (request, answer) -> answer.json(trace(request)));
        handlers.put("GET /v1/capture", new CaptureHandler(config.get(), rtnetlink, node, status));
        handlers.put("GET /v1/ping", new PingHandler(node));
        handlers.put("GET /v1/log-level", (_, answer) -> answer.json(AgentLog.levels()));
        handlers.put("POST /v1/log-level", AdminService::setLevel);
        handlers.put("POST " + HAND_OVER, this::giveNode);
        return handlers;
    }

    /** Answers first: soon nobody will answer here any more. */
    private void giveNode(AdminRequest request, AdminAnswer answer) throws IOException {
        AgentIdentity by;
        try {
            by = new AgentIdentity(request.required("revision"), request.text("pod", ""));
        } catch (IllegalArgumentException e) {
            throw AdminException.badRequest(String.valueOf(e.getMessage()));
        }
        answer.json(Map.of());
        handOver.accept(by);
    }

    private static void setLevel(AdminRequest request, AdminAnswer answer) throws IOException {
        try {
            AgentLog.set(request.text("logger", AgentLog.ROOT), request.required("level"));
        } catch (IllegalArgumentException e) {
            throw AdminException.badRequest(String.valueOf(e.getMessage()));
        }
        answer.json(AgentLog.levels());
    }

    private TraceReport trace(AdminRequest request) throws IOException {
        ClusterView view = node.loop().view();
        Map<String, PodInfo> pods = view == null ? Map.of() : view.pods();
        List<InetAddress> ends;
        String protocol = request.text("protocol", Tracer.ANY);
        try {
            if (!protocol.equals(Tracer.ANY)) {
                Protocol.parse(protocol);
            }
            ends =
                    TraceTarget.pair(
                            TraceTarget.resolve(request.required("from"), pods),
                            TraceTarget.resolve(request.required("to"), pods));
        } catch (IllegalArgumentException e) {
            throw AdminException.badRequest(String.valueOf(e.getMessage()));
        }
        if (ends == null) {
            throw AdminException.badRequest("source and destination are of different families");
        }
        Tracer.Flow flow =
                new Tracer.Flow(
                        ends.getFirst(),
                        ends.getLast(),
                        protocol,
                        request.number("port", 0, 0, 65535));
        return new Tracer(facts(), rtnetlink::lookup, new RulesFacts(node, config), flow).trace();
    }

    private NodeFacts facts() throws LinuxException {
        Fdb fdb = node.fdb();
        return new NodeFacts(
                rtnetlink.links(),
                rtnetlink.addresses(),
                rtnetlink.neighbors(),
                leases.get(),
                node.network(),
                config.get().tunnel(),
                fdb == null ? null : fdb.entries(),
                status.get().peers());
    }

    private List<LeaseReport> leaseReports() throws LinuxException {
        Map<String, Link> links =
                rtnetlink.links().stream()
                        .collect(Collectors.toMap(Link::name, Function.identity()));
        return leases.get().stream().map(lease -> report(lease, links)).toList();
    }

    private static LeaseReport report(AddressLease lease, Map<String, Link> links) {
        String veth =
                Attachment.hostVeth(lease.endpoint().containerId(), lease.endpoint().ifName());
        Link link = links.get(veth);
        return new LeaseReport(
                lease.pod(),
                lease.addresses().stream().map(InetAddress::getHostAddress).toList(),
                lease.endpoint().containerId(),
                lease.endpoint().ifName(),
                veth,
                link == null ? "missing" : link.up() ? "up" : "down");
    }

    @Override
    public void close() {
        if (server != null) {
            server.close();
            server = null;
        }
    }
}
