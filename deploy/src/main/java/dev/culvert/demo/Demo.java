package dev.culvert.demo;

import dev.culvert.agent.kube.KubeAssets;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The demo from the first namespace to the last line. The main thread only. */
final class Demo {
    private static final Duration AGENT_LIMIT = Duration.ofSeconds(40);
    private static final int POD_MTU = 1450;
    private static final int OVERLAY_PORT = 4789;
    private static final int TCP_BYTES = 2 * 1024 * 1024;

    private final Plan plan;
    private final @Nullable KubeAssets assets;
    private final ChildProcesses children;
    private final Report report;
    private final List<AgentProcess> agents = new ArrayList<>();
    private final List<Pod> pods = new ArrayList<>();

    /**
     * Starts nothing yet.
     *
     * @param assets etcd and kube-apiserver, or null for the mock server
     */
    Demo(Plan plan, @Nullable KubeAssets assets, ChildProcesses children, Report report) {
        this.plan = plan;
        this.assets = assets;
        this.children = children;
        this.report = report;
    }

    /** Runs all of it; what does not hold is in the report, what cannot be done is thrown. */
    void run() throws DemoException, InterruptedException, IOException {
        Files.createDirectories(plan.logs());
        report.heading("Nodes");
        Topology topology = Topology.build(plan.nodes(), children);
        AgentProgram program = program(topology);
        KubernetesApi api = startNodes(topology, program);
        createPods(topology, program, api);
        report.heading(
                "Pods, attached by executing "
                        + plan.root().relativize(program.cniExecutable(topology.node(1))));
        attachPods(topology);
        try (Closer servers = new Closer()) {
            for (Pod pod : pods) {
                servers.add(PodServer.start(pod));
            }
            showTraffic(topology);
        }
        showPeers();
        showPacket(topology);
        showMetrics(topology);
        if (program instanceof ImageProgram image) {
            agents.set(0, new Restarts(image, report).show(agents.getFirst(), api.access()));
        }
        if (!plan.keep()) {
            leave();
        }
    }

    private AgentProgram program(Topology topology) throws DemoException, InterruptedException {
        Path image = plan.image();
        return image == null
                ? new JarProgram(plan, children)
                : ImageProgram.load(image, topology.nodes(), plan, children);
    }

    private KubernetesApi startNodes(Topology topology, AgentProgram program)
            throws DemoException, InterruptedException {
        KubernetesApi api = startApi(topology.underlay());
        report.line(
                String.format(
                        Locale.ROOT,
                        "  underlay  %s, a bridge in a namespace of its own",
                        Plan.UNDERLAY_CIDR));
        report.line(
                String.format(
                        Locale.ROOT,
                        "  API       %s:%d, %s",
                        Plan.API_ADDRESS,
                        Plan.API_PORT,
                        api.description()));
        for (int number = 1; number <= plan.nodes(); number++) {
            api.createNode(number);
            agents.add(
                    AgentProcess.start(topology.node(number), program, plan.logs(), api.access()));
        }
        for (int number = 1; number <= plan.nodes(); number++) {
            double seconds = agents.get(number - 1).awaitReady(AGENT_LIMIT);
            report.line(
                    String.format(
                            Locale.ROOT,
                            "  %-9s %-12s pods %-15s agent ready after %.1f s",
                            Plan.nodeName(number),
                            Plan.underlayAddress(number),
                            Plan.podCidr(number),
                            seconds));
        }
        for (AgentProcess agent : agents) {
            agent.awaitPeers(plan.nodes() - 1, AGENT_LIMIT);
            agent.awaitCni(AGENT_LIMIT);
        }
        return api;
    }

    private KubernetesApi startApi(NodeHolder underlay) throws DemoException, InterruptedException {
        if (assets == null) {
            return KubernetesApi.inMemory(underlay, children, plan);
        }
        return KubernetesApi.real(assets, underlay, children, plan);
    }

    private void createPods(Topology topology, AgentProgram program, KubernetesApi api)
            throws DemoException {
        for (int number = 1; number <= plan.nodes(); number++) {
            for (int index = 1; index <= plan.podsPerNode(); index++) {
                Pod pod =
                        new Pod(
                                "pod-" + number + "-" + index,
                                number,
                                topology.node(number),
                                program.cniExecutable(topology.node(number)));
                api.createPod(pod);
                pods.add(pod);
            }
        }
    }

    private void attachPods(Topology topology) throws DemoException {
        for (Pod pod : pods) {
            long start = System.nanoTime();
            pod.attach();
            report.line(
                    String.format(
                            Locale.ROOT,
                            "  %-9s %-12s %-12s host end %-14s ADD took %d ms",
                            pod.name(),
                            topology.node(pod.nodeNumber()).name(),
                            pod.address(),
                            pod.hostInterface(),
                            (System.nanoTime() - start) / 1_000_000));
        }
    }

    private void showTraffic(Topology topology) throws IOException {
        report.heading("Every pod and every node to every pod: ICMP, TCP and UDP");
        PingProbe ping = new PingProbe(POD_MTU);
        List<Probe> probes = List.of(ping, new TcpProbe(TCP_BYTES, 1), new UdpProbe(POD_MTU));
        ReachabilityMatrix matrix = new ReachabilityMatrix(probes, pods, report);
        matrix.run(senders(topology));
        report.line(
                String.format(
                        Locale.ROOT,
                        "  ICMP with 0, %d (not to be cut) and 4000 bytes; TCP %d MiB and UDP of 1 to 8000 bytes,",
                        POD_MTU - 28,
                        TCP_BYTES >> 20));
        report.line("  each compared by SHA-256 on the far side.");
        report.check(matrix.allGood(), matrix.exchanges() + " exchanges arrived whole");
        report.check(
                matrix.allGood(),
                "no address was translated: each receiver reported the sender's own address");
        Pod near = pods.getFirst();
        Pod far = pods.getLast();
        report.check(
                ping.refusesTooBig(near, far),
                (POD_MTU + 1) + " bytes not to be cut: refused, the pods' MTU is " + POD_MTU);
        report.heading("Throughput");
        double rate = Throughput.megabitsPerSecond(near, far, Duration.ofSeconds(2));
        report.check(
                rate > 1,
                String.format(
                        Locale.ROOT,
                        "%s -> %s: %.0f Mbit/s (one TCP flow for 2 s, sender and digesting receiver"
                                + " on this machine too)",
                        near.name(),
                        far.name(),
                        rate));
    }

    private List<Endpoint> senders(Topology topology) {
        List<Endpoint> senders = new ArrayList<>(pods);
        for (int number = 1; number <= plan.nodes(); number++) {
            senders.add(new NodeEndpoint(number, topology.node(number)));
        }
        return senders;
    }

    private void showPeers() throws DemoException {
        AgentProcess agent = agents.getFirst();
        report.heading("culvert peers on " + agent.name());
        report.block(agent.cli("peers"));
        report.heading("culvert status on " + agent.name());
        report.block(agent.cli("status"));
    }

    private void showPacket(Topology topology) throws DemoException, InterruptedException {
        report.heading("One packet of the overlay, as the underlay carries it");
        if (!OverlayCapture.available()) {
            report.line("  tshark is not installed, so no packet is decoded.");
            return;
        }
        String packet =
                OverlayCapture.decode(
                        topology.underlay(), pods.getFirst(), pods.getLast(), OVERLAY_PORT);
        report.block(packet);
        report.check(
                packet.contains("Virtual eXtensible"), "a plain VXLAN frame between two nodes");
    }

    private void showMetrics(Topology topology) throws DemoException, InterruptedException {
        report.heading("Metrics and alerts");
        if (!PrometheusCheck.available()) {
            report.line("  prometheus is not installed, so nobody scrapes the agents.");
            return;
        }
        PrometheusCheck check = new PrometheusCheck(topology.node(1), plan, report);
        check.lint(agents.getFirst().metrics());
        check.run(children);
    }

    private void leave() throws DemoException, InterruptedException {
        report.heading("The end");
        for (Pod pod : pods) {
            pod.detach();
        }
        report.success("DEL of " + pods.size() + " pods");
        int clean = 0;
        for (AgentProcess agent : agents) {
            int status = agent.stop();
            if (status == 0) {
                clean++;
            } else {
                report.failure(
                        "the agent of %s ended with status %d on SIGTERM:\n%s"
                                .formatted(agent.name(), status, agent.logTail()));
            }
        }
        report.check(clean == agents.size(), clean + " agents ended with status 0 on SIGTERM");
    }
}
