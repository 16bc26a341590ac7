package dev.culvert.agent.command;

import dev.culvert.agent.config.AgentConfig;
import dev.culvert.agent.config.ConfigException;
import dev.culvert.agent.doctor.AgentCheck;
import dev.culvert.agent.doctor.Check;
import dev.culvert.agent.doctor.ClockCheck;
import dev.culvert.agent.doctor.Doctor;
import dev.culvert.agent.doctor.Finding;
import dev.culvert.agent.doctor.Machine;
import dev.culvert.agent.doctor.PathMtuCheck;
import dev.culvert.agent.status.PingReport;
import dev.culvert.agent.status.StatusReport;
import dev.culvert.agent.status.StatusReport.PeerStatus;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code culvert doctor}: works without an agent too. */
@Command(
        name = "doctor",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description =
                "Check what this node needs: kernel, permissions, parameters, ports, other"
                        + " networks, clock, agent, peers and the path to some of them; and say what to do about what is wrong.",
        footer = {
            "",
            "Examples:",
            "  culvert doctor",
            "  culvert doctor -o json | jq '.[] | select(.level == \"problem\")'"
        })
final class DoctorCommand implements Callable<Integer> {
    private final Map<String, String> environment;

    @Spec private CommandSpec spec = CommandSpec.create();
    @Mixin private AgentAddress agent = new AgentAddress();
    @Mixin private OutputOption output = new OutputOption();

    @Option(
            names = "--root",
            paramLabel = "DIR",
            description = "Where the node's file system is; default ${DEFAULT-VALUE}.",
            defaultValue = "/")
    private Path root = Path.of("/");

    DoctorCommand(Map<String, String> environment) {
        this.environment = environment;
    }

    @Override
    public Integer call() throws ConfigException {
        AgentConfig config = AgentConfig.load(agent.config(), environment);
        List<Check> checks = new ArrayList<>(Doctor.checks(config));
        ApiServerDate api = new ApiServerDate(config.kubeApiServer(), environment, root);
        checks.add(new ClockCheck(api::date, Clock.systemUTC()));
        checks.add(new AgentCheck(this::status));
        checks.add(new PathMtuCheck(this::peersUp, this::largest));
        List<Finding> findings = Doctor.examine(new Machine(root), checks);
        output.print(spec.commandLine().getOut(), findings, out -> print(findings, out));
        return findings.stream().anyMatch(Finding::isProblem) ? Failures.FAILED : 0;
    }

    private StatusReport status() throws IOException {
        try {
            return agent.report(environment);
        } catch (ConfigException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    private List<String> peersUp() throws IOException {
        return status().peers().stream()
                .filter(peer -> peer.state().equals("up"))
                .map(PeerStatus::node)
                .toList();
    }

    private PingReport largest(String node) throws IOException {
        try {
            Map<String, String> query = Map.of("node", node, "count", "0", "mtu", "1");
            return agent.ask(environment, "/v1/ping", query, PingReport.class);
        } catch (ConfigException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    private static void print(List<Finding> findings, PrintWriter out) {
        for (Finding each : findings) {
            out.printf("%-10s %-14s %s%n", each.level(), each.check(), each.text());
            if (!each.remedy().isEmpty()) {
                out.printf("%-10s %-14s -> %s%n", "", "", each.remedy());
            }
        }
    }
}
