package dev.culvert.agent.command;

import dev.culvert.agent.config.ConfigException;
import dev.culvert.agent.status.StatusReport;
import dev.culvert.agent.status.StatusReport.PeerStatus;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code culvert peers}. */
@Command(
        name = "peers",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "List the other nodes as this node's agent knows them, with counters.",
        footer = {
            "",
            "Examples:",
            "  culvert peers",
            "  culvert peers --sort loss",
            "  culvert peers --state down worker-1",
            "  culvert peers -o json"
        })
final class PeersCommand implements Callable<Integer> {
    private static final String ROW = "%-20s %-22s %-21s %-8s %10s %6s %12s %12s%n";

    /** The worst first. */
    private static final List<String> STATES = List.of("down", "lossy", "unknown", "up");

    private final Map<String, String> environment;

    @Spec private CommandSpec spec = CommandSpec.create();
    @Mixin private AgentAddress agent = new AgentAddress();
    @Mixin private OutputOption output = new OutputOption();

    @Option(
            names = "--sort",
            paramLabel = "KEY",
            description = "${COMPLETION-CANDIDATES}; the worst or most first. Default: node.",
            defaultValue = "node")
    private Order order = Order.node;

    @Option(
            names = "--state",
            paramLabel = "STATE",
            description = "Only peers that are up, lossy, down or unknown.",
            defaultValue = "")
    private String state = "";

    @Parameters(
            arity = "0..1",
            paramLabel = "TEXT",
            description = "Only nodes with this in their name, ranges or address.",
            defaultValue = "")
    private String wanted = "";

    /** What peers can be sorted by. */
    enum Order {
        /** The node's name. */
        node,
        /** How it fares, the worst first. */
        state,
        /** The round-trip time, the longest first. */
        rtt,
        /** Unanswered probes, most first. */
        loss,
        /** Packets to it. */
        sent,
        /** Packets from it. */
        received;

        Comparator<PeerStatus> comparator() {
            return switch (this) {
                case node -> Comparator.comparing(PeerStatus::node);
                case state -> Comparator.comparingInt(peer -> STATES.indexOf(peer.state()));
                case rtt -> Comparator.comparingLong(peer -> -micros(peer));
                case loss -> Comparator.comparingDouble(peer -> -loss(peer));
                case sent -> Comparator.comparingLong(peer -> -peer.egress().packets());
                case received -> Comparator.comparingLong(peer -> -peer.ingress().packets());
            };
        }
    }

    private static long micros(PeerStatus peer) {
        return Objects.requireNonNullElse(peer.rttMicros(), 0L);
    }

    private static double loss(PeerStatus peer) {
        return Objects.requireNonNullElse(peer.lossRatio(), 0.0);
    }

    PeersCommand(Map<String, String> environment) {
        this.environment = environment;
    }

    @Override
    public Integer call() throws ConfigException, IOException {
        List<PeerStatus> peers = chosen(agent.report(environment));
        output.print(spec.commandLine().getOut(), peers, out -> print(peers, out));
        return 0;
    }

    private List<PeerStatus> chosen(StatusReport report) {
        return report.peers().stream()
                .filter(
                        peer ->
                                (peer.node() + " " + peer.prefixes() + " " + peer.ip())
                                        .contains(wanted))
                .filter(peer -> state.isEmpty() || peer.state().equals(state))
                .sorted(order.comparator())
                .toList();
    }

    private static void print(List<PeerStatus> peers, PrintWriter out) {
        out.printf(ROW, "NODE", "POD CIDRS", "VTEP", "STATE", "RTT", "LOSS", "SENT", "RECEIVED");
        for (PeerStatus peer : peers) {
            String host = peer.ip().contains(":") ? "[" + peer.ip() + "]" : peer.ip();
            out.printf(
                    ROW,
                    peer.node(),
                    String.join(",", peer.prefixes()),
                    host + ":" + peer.port(),
                    peer.state(),
                    peer.rttMicros() == null ? "-" : micros(peer) + " us",
                    peer.lossRatio() == null ? "-" : Math.round(100 * loss(peer)) + " %",
                    peer.egress().packets(),
                    peer.ingress().packets());
        }
    }
}
