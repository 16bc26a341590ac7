package dev.culvert.bench.path;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Single measurements between the two pods, in the mode that the topology is in. One thread. */
final class Probe {
    private static final Duration PATIENCE = Duration.ofSeconds(15);

    /** Of sockperf's time it leaves out the first 0.4 s and a little at the end. */
    private static final int SOCKPERF_EXTRA_SECONDS = 1;

    private static final String MESSAGE_BYTES = "64";

    private static final int FIRST_PORT = 11_111;

    private final Topology topology;
    private final Processes processes;
    private final Plan plan;
    private int nextPort = FIRST_PORT;

    Probe(Topology topology, Processes processes, Plan plan) {
        this.topology = topology;
        this.processes = processes;
        this.plan = plan;
    }

    /**
     * Makes one run. What does not exist in this mode is left out or NaN.
     *
     * @throws IOException if it stalls or breaks
     */
    Map<Metric, Double> measure(Run run) throws IOException {
        return switch (run) {
            case TCP1 -> tcp1();
            case TCP8 -> tcp8();
            case BIDI -> Map.of(Metric.BIDI, iperf("--bidir").megabitsPerSecond());
            case UDP64 -> udp64();
            case UDP1400 -> udp1400();
            case RR -> requests();
            case RR_LOAD -> requestsUnderLoad();
        };
    }

    private Map<Metric, Double> tcp1() throws IOException {
        double before = MachineFiles.busySeconds();
        IperfReport report = iperf();
        double busy = MachineFiles.busySeconds() - before;
        return Map.of(
                Metric.TCP1,
                report.megabitsPerSecond(),
                Metric.CPU_PER_GB,
                busy / (report.bytes() / 1e9));
    }

    private Map<Metric, Double> tcp8() throws IOException {
        Footprint footprint = Footprint.start(topology.tunnels());
        double rate = iperf("-P", "8").megabitsPerSecond();
        return Map.of(
                Metric.TCP8,
                rate,
                Metric.ALLOCATION,
                footprint.allocationKilobytesPerSecond(),
                Metric.RSS_LOAD,
                footprint.peakMegabytes());
    }

    private Map<Metric, Double> udp64() throws IOException {
        double before = MachineFiles.busySeconds();
        UdpFlood flood = flood(64);
        double busy = MachineFiles.busySeconds() - before;
        return Map.of(
                Metric.UDP64,
                flood.packetsPerSecond(),
                Metric.UDP64_LOSS,
                flood.lossPercent(),
                Metric.CPU_PER_MILLION_64,
                busy / (flood.received() / 1e6));
    }

    private Map<Metric, Double> udp1400() throws IOException {
        UdpFlood flood = flood(1400);
        return Map.of(
                Metric.UDP1400, flood.packetsPerSecond(), Metric.UDP1400_LOSS, flood.lossPercent());
    }

    private UdpFlood flood(int length) throws IOException {
        Duration duration = Duration.ofSeconds(plan.seconds());
        return UdpFlood.measure(topology.client(), topology.server(), length, duration);
    }

    private Map<Metric, Double> requests() throws IOException {
        Sockperf result = sockperf();
        return Map.of(
                Metric.RR_P50,
                result.p50(),
                Metric.RR_P99,
                result.p99(),
                Metric.RR_P999,
                result.p999());
    }

    private Map<Metric, Double> requestsUnderLoad() throws IOException {
        Process server = iperfServer();
        Process load = processes.startQuietly(topology.client().pod(), load());
        try {
            Processes.awaitLine(load, "connected to");
            Processes.drain(load);
            long bytes = topology.server().podReceivedBytes();
            long start = System.nanoTime();
            Sockperf result = sockperf();
            double bits = 8.0 * (topology.server().podReceivedBytes() - bytes);
            double seconds = (System.nanoTime() - start) / 1e9;
            if (!load.isAlive()) {
                throw new IOException("the TCP connection for the load ended too early");
            }
            return Map.of(
                    Metric.RR_LOAD_P50,
                    result.p50(),
                    Metric.RR_LOAD_P99,
                    result.p99(),
                    Metric.RR_LOAD_P999,
                    result.p999(),
                    Metric.RR_LOAD_RATE,
                    bits / seconds / 1e6);
        } finally {
            Processes.end(load);
            Processes.end(server);
        }
    }

    /** As long as it takes: it is ended with the measurement. */
    private List<String> load() {
        String rate = plan.loadMegabits() + "M";
        return iperfClient("-t", "3600", "-b", rate, "--forceflush", "-C", "cubic");
    }

    private Sockperf sockperf() throws IOException {
        String address = topology.server().podAddress().getHostAddress();
        // Where the server closed first, the kernel keeps the port for a minute.
        String port = Integer.toString(nextPort++);
        Process server =
                processes.startQuietly(
                        topology.server().pod(),
                        List.of("sockperf", "server", "--tcp", "-i", address, "-p", port));
        try {
            Processes.awaitLine(server, "to block on socket");
            String seconds = Integer.toString(plan.seconds() + SOCKPERF_EXTRA_SECONDS);
            List<String> client = new ArrayList<>(List.of("sockperf", "ping-pong", "--tcp"));
            client.addAll(List.of("--full-rtt", "--no-rdtsc", "-m", MESSAGE_BYTES));
            client.addAll(List.of("-i", address, "-p", port, "-t", seconds));
            return Sockperf.parse(run(client));
        } finally {
            Processes.end(server);
        }
    }

    private IperfReport iperf(String... arguments) throws IOException {
        List<String> client = iperfClient("-J", "-t", Integer.toString(plan.seconds()));
        client.addAll(List.of(arguments));
        client.addAll(List.of("-C", "cubic"));
        Process server = iperfServer();
        try {
            return IperfReport.parse(run(client));
        } finally {
            Processes.end(server);
        }
    }

    private Process iperfServer() throws IOException {
        Process server =
                processes.startQuietly(
                        topology.server().pod(), List.of("iperf3", "-s", "-1", "--forceflush"));
        Processes.awaitLine(server, "Server listening");
        return server;
    }

    private List<String> iperfClient(String... arguments) {
        String address = topology.server().podAddress().getHostAddress();
        List<String> command = new ArrayList<>(List.of("iperf3", "-c", address));
        command.addAll(List.of(arguments));
        return command;
    }

    private String run(List<String> client) throws IOException {
        Duration limit = Duration.ofSeconds(plan.seconds()).plus(PATIENCE);
        return processes.run(topology.client().pod(), client, limit);
    }
}
