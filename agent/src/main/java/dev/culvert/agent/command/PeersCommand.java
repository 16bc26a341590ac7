package dev.culvert.agent.command;

import dev.culvert.agent.config.ConfigException;
import dev.culvert.agent.status.StatusReport;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;
import tools.jackson.databind.json.JsonMapper;

/** {@code culvert peers}. */
@Command(
        name = "peers",
        mixinStandardHelpOptions = true,
        description = "List the other nodes as this node's agent knows them, with counters.")
final class PeersCommand implements Callable<Integer> {
    private static final String ROW = "%-20s %-22s %-21s %-18s %12s %12s%n";
    private final Map<String, String> environment;

    @Spec private CommandSpec spec = CommandSpec.create();
    @Mixin private AgentClient client = new AgentClient();

    PeersCommand(Map<String, String> environment) {
        this.environment = environment;
    }

    @Override
    public Integer call() throws InterruptedException {
        PrintWriter out = spec.commandLine().getOut();
        try {
            StatusReport report = client.report(environment);
            if (client.output() == AgentClient.Output.json) {
                out.println(new JsonMapper().writeValueAsString(report.peers()));
            } else {
                print(report, out);
            }
            return 0;
        } catch (ConfigException | IOException e) {
            spec.commandLine().getErr().println("culvert: " + e.getMessage());
            return 1;
        } finally {
            out.flush();
        }
    }

    private static void print(StatusReport report, PrintWriter out) {
        out.printf(ROW, "NODE", "POD CIDRS", "VTEP", "MAC", "SENT", "RECEIVED");
        for (StatusReport.PeerStatus peer : report.peers()) {
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
