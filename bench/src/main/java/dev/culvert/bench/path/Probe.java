package dev.culvert.bench.path;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Single measurements between the two pods, in the mode that the topology is in. One thread. */
final class Probe {
    private final Topology topology;
    private final Processes processes;
    private final int seconds;

    Probe(Topology topology, Processes processes, int seconds) {
        this.topology = topology;
        this.processes = processes;
        this.seconds = seconds;
    }

    /**
     * Makes one run.
     *
     * @throws IOException if it stalls or breaks
     */
    Map<Metric, Double> measure(Run run) throws IOException {
        return switch (run) {
            case TCP1 -> tcp1();
            case TCP8 -> Map.of(Metric.TCP8, iperf("-P", "8").megabitsPerSecond());
            case BIDI -> Map.of(Metric.BIDI, iperf("--bidir").megabitsPerSecond());
            case UDP64 -> udp(64, Metric.UDP64, Metric.UDP64_LOSS);
            case UDP1400 -> udp(1400, Metric.UDP1400, Metric.UDP1400_LOSS);
            case RR -> requests();
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

    private Map<Metric, Double> udp(int length, Metric rate, Metric loss) throws IOException {
        IperfReport report = iperf("-u", "-b", "0", "-l", Integer.toString(length));
        return Map.of(rate, report.packetsPerSecond(), loss, report.lossPercent());
    }

    private Map<Metric, Double> requests() throws IOException {
        PingPong result =
                PingPong.measure(topology.client(), topology.server(), Duration.ofSeconds(seconds));
        return Map.of(
                Metric.RR_P50,
                result.p50(),
                Metric.RR_P99,
                result.p99(),
                Metric.RR_P999,
                result.p999());
    }

    private IperfReport iperf(String... arguments) throws IOException {
        Process server =
                processes.start(
                        topology.server().pod(), List.of("iperf3", "-s", "-1", "--forceflush"));
        try {
            Processes.awaitLine(server, "Server listening");
            return IperfReport.parse(processes.run(topology.clientPod(), client(arguments)));
        } finally {
            server.destroyForcibly();
        }
    }

    private List<String> client(String... arguments) {
        List<String> command =
                new ArrayList<>(
                        List.of(
                                "iperf3",
                                "-J",
                                "-c",
                                topology.server().podAddress().getHostAddress(),
                                "-t",
                                Integer.toString(seconds)));
        command.addAll(List.of(arguments));
        if (!command.contains("-u")) {
            command.addAll(List.of("-C", "cubic"));
        }
        return command;
    }
}
