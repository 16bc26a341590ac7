package dev.culvert.agent.page;

import dev.culvert.agent.http.HealthServer;
import dev.culvert.agent.status.PolicyReport;
import dev.culvert.agent.status.StatusReport;
import dev.culvert.agent.status.StatusReport.PeerStatus;
import dev.culvert.agent.status.StatusReport.TrafficStatus;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import tools.jackson.databind.json.JsonMapper;

/**
 * The agent's own HTTP server with reports of a cluster that a test makes up: every report is a
 * second later than the one before, whenever it is asked for. Any thread.
 */
final class SimulatedAgent implements AutoCloseable {
    private static final long START_MILLIS = 1_700_000_000_000L;

    private final HealthServer server;
    private final AtomicInteger asked = new AtomicInteger();
    private final int peers;
    private volatile String warning = "";
    private volatile int gone;
    private volatile boolean ready = true;
    private volatile String podName = "shop/cart-0";

    SimulatedAgent(int peers) {
        this.peers = peers;
        JsonMapper json = new JsonMapper();
        this.server =
                new HealthServer(
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                        new HealthServer.Sources(
                                _ -> Map.of(),
                                _ -> Map.of(),
                                () -> json.writeValueAsString(report()),
                                () -> ""));
    }

    String start() throws IOException {
        server.start();
        return "http://127.0.0.1:" + server.address().getPort() + "/";
    }

    /** How many reports were given. */
    int asked() {
        return asked.get();
    }

    /** From now on there is this warning; empty for none. */
    void warn(String sentence) {
        warning = sentence;
    }

    /** From now on the last so many nodes are no longer there. */
    void remove(int nodes) {
        gone = nodes;
    }

    /** From now on the node is not ready. */
    void unready() {
        ready = false;
    }

    /** From now on the pod has another name. */
    void rename(String pod) {
        podName = pod;
    }

    private StatusReport report() {
        int second = asked.incrementAndGet();
        List<PeerStatus> all = new ArrayList<>();
        Map<String, Integer> states = new LinkedHashMap<>();
        for (int i = 1; i <= peers - gone; i++) {
            PeerStatus peer = peer(i, second);
            all.add(peer);
            states.merge(peer.state(), 1, Integer::sum);
        }
        return new StatusReport(
                START_MILLIS + 1000L * second,
                START_MILLIS - 3_600_000,
                "node0",
                "1.2.3",
                ready,
                Map.of("overlay", ready ? "" : "UDP port 4789 is taken on this node"),
                Map.of(),
                warning.isEmpty() ? List.of() : List.of(warning),
                new StatusReport.VtepStatus("192.0.2.1", 4789, "0e:00:00:00:00:01", 1),
                List.of("10.244.0.0/24"),
                1450,
                states,
                all,
                new TrafficStatus(900L * second, 1_250_000L * second, 3L * second),
                new TrafficStatus(800L * second, 250_000L * second, 0),
                List.of(
                        new StatusReport.DropStatus(
                                "egress", "no_vtep", "no peer serves it", 3L * second),
                        new StatusReport.DropStatus("ingress", "wrong_vni", "not our VNI", 0)),
                List.of(),
                List.of(
                        new StatusReport.LeaseStatus(
                                "0123456789abcdef",
                                "eth0",
                                "cv0123456789a",
                                podName,
                                List.of("10.244.0.7"))),
                new PolicyReport(
                        true,
                        true,
                        "NetworkPolicies in force: 3; pods of this node that they isolate: 1.",
                        1,
                        List.of(
                                new PolicyReport.Policy(
                                        "bank/odd", List.of("egress"), List.of(), "port 0 is none"),
                                new PolicyReport.Policy(
                                        "bank/other", List.of("egress"), List.of(), ""),
                                new PolicyReport.Policy(
                                        "shop/deny", List.of("ingress"), List.of(podName), ""))),
                new StatusReport.SyncStatus(false, START_MILLIS, Map.of(), Map.of("route", 1L)),
                new StatusReport.ProcessStatus("25", 20L << 20, 48L << 20, 120L << 20, 30, 900),
                List.of(
                        new StatusReport.ChangeStatus(START_MILLIS, "peer", "node1 was added"),
                        new StatusReport.ChangeStatus(
                                START_MILLIS + 1, "repair", "a route was put back")));
    }

    private static PeerStatus peer(int i, int second) {
        boolean down = i == 3;
        boolean lossy = i == 2;
        return new PeerStatus(
                "node" + i,
                List.of("10.%d.%d.0/24".formatted(128 + i / 256, i % 256)),
                "198.18.%d.%d".formatted(i / 256, i % 256),
                4789,
                "0e:00:00:00:%02x:%02x".formatted(i / 256, i % 256),
                down ? "down" : lossy ? "lossy" : "up",
                down ? null : 150L + i,
                down ? Double.valueOf(1) : lossy ? Double.valueOf(0.25) : Double.valueOf(0),
                down ? null : START_MILLIS + 1000L * second,
                new TrafficStatus(10L * second, 1000L * i * second, 0),
                new TrafficStatus(10L * second, 500L * i * second, 0));
    }

    @Override
    public void close() {
        server.close();
    }
}
