package dev.culvert.agent.command;

import dev.culvert.agent.config.ConfigException;
import dev.culvert.agent.status.StatusReport;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code culvert status}. Exit status 0 when the node is ready, 1 when it is not. */
@Command(
        name = "status",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Show how this node's agent is: ready or why not, counters, drops.",
        footer = {
            "",
            "Examples:",
            "  culvert status",
            "  culvert status -o json | jq .drops",
            "  kubectl -n kube-system exec ds/culvert -- culvert status"
        })
final class StatusCommand implements Callable<Integer> {
    private final Map<String, String> environment;

    @Spec private CommandSpec spec = CommandSpec.create();
    @Mixin private AgentAddress agent = new AgentAddress();
    @Mixin private OutputOption output = new OutputOption();

    StatusCommand(Map<String, String> environment) {
        this.environment = environment;
    }

    @Override
    public Integer call() throws ConfigException, IOException {
        StatusReport report = agent.report(environment);
        output.print(spec.commandLine().getOut(), report, out -> print(report, out));
        return report.ready() ? 0 : Failures.FAILED;
    }

    private static void print(StatusReport report, PrintWriter out) {
        out.printf("node       %s%n", report.node());
        out.printf("version    %s%n", report.version());
        out.printf("ready      %s%n", report.ready() ? "yes" : "no");
        report.conditions()
                .forEach(
                        (name, problem) ->
                                out.printf(
                                        "  %-12s%s%n", name, problem.isEmpty() ? "ok" : problem));
        StatusReport.VtepStatus vtep = report.vtep();
        if (vtep != null) {
            out.printf(
                    "vtep       %s port %d mac %s vni %d%n",
                    vtep.ip(), vtep.port(), vtep.mac(), vtep.vni());
        }
        out.printf("pod CIDRs  %s%n", String.join(" ", report.podCidrs()));
        out.printf("pod MTU    %d%n", report.podMtu());
        out.printf("pods       %d%n", report.leases().size());
        out.printf("peers      %d%n", report.peers().size());
        print("sent", report.egress(), out);
        print("received", report.ingress(), out);
        report.drops().stream()
                .filter(drop -> drop.packets() > 0)
                .forEach(drop -> out.printf("dropped    %d %s%n", drop.packets(), drop.reason()));
        print(report.features(), out);
        report.warnings().forEach(warning -> out.printf("warning    %s%n", warning));
    }

    private static void print(List<StatusReport.FeatureStatus> features, PrintWriter out) {
        out.printf(
                "features   %s%n",
                features.stream()
                        .filter(StatusReport.FeatureStatus::enabled)
                        .map(StatusReport.FeatureStatus::name)
                        .collect(Collectors.joining(" ")));
        features.stream()
                .filter(each -> !each.enabled())
                .forEach(
                        each ->
                                out.printf(
                                        "off        %s: %s%n",
                                        each.name(),
                                        each.wanted() ? each.reason() : "not asked for"));
    }

    private static void print(String name, StatusReport.TrafficStatus traffic, PrintWriter out) {
        out.printf("%-11s%d packets, %d bytes%n", name, traffic.packets(), traffic.bytes());
    }
}
