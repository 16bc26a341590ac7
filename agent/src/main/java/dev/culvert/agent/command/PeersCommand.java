package dev.culvert.agent.command;

import dev.culvert.agent.config.ConfigException;
import dev.culvert.agent.status.StatusReport.PeerStatus;
import dev.culvert.agent.status.StatusReport;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
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
            "  culvert peers --sort received worker-1",
            "  culvert peers -o json"
        })
final class PeersCommand implements Callable<Integer> {
    private static final String ROW = "%-20s %-22s %-21s %-18s %12s %12s%n";

    private final Map<String, String> environment;

    @Spec private CommandSpec spec = CommandSpec.create();
    @Mixin private AgentAddress agent = new AgentAddress();
    @Mixin private OutputOption output = new OutputOption();

    @Option(
            names = "--sort",
            paramLabel = "KEY",
            description = "${COMPLETION-CANDIDATES}; counters largest first. Default: node.",
            defaultValue = "node")
    private Order order = Order.node;

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
        /** Packets to it. */
        sent,
        /** Packets from it. */
        received;

        Comparator<PeerStatus> comparator() {
            return switch (this) {
                case node -> Comparator.comparing(PeerStatus::node);
                case sent -> Comparator.comparingLong(peer -> -peer.egress().packets());
                case received -> Comparator.comparingLong(peer -> -peer.ingress().packets());
            };
        }
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
                .sorted(order.comparator())
                .toList();
    }

    private static void print(List<PeerStatus> peers, PrintWriter out) {
        out.printf(ROW, "NODE", "POD CIDRS", "VTEP", "MAC", "SENT", "RECEIVED");
        for (PeerStatus peer : peers) {
            String host = peer.ip().contains(":") ? "[" + peer.ip() + "]" : peer.ip();
            out.printf(
                    ROW,
                    peer.node(),
                    String.join(",", peer.prefixes()),
                    host + ":" + peer.port(),
                    peer.mac(),
                    peer.egress().packets(),
                    peer.ingress().packets());
        }
    }
}
