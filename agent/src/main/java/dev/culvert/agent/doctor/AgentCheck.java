package dev.culvert.agent.doctor;

import dev.culvert.agent.status.StatusReport;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** What the agent of this node says, if there is one. Immutable. */
public record AgentCheck(StatusSource source) implements Check {

    /** Asks the agent. */
    @FunctionalInterface
    public interface StatusSource {
        /** Its status. */
        StatusReport status() throws IOException;
    }

    @Override
    public List<Finding> look(Machine machine) {
        StatusReport report;
        try {
            report = source.status();
        } catch (IOException e) {
            return List.of(Finding.unchecked("agent", String.valueOf(e.getMessage())));
        }
        List<Finding> findings = new ArrayList<>();
        report.conditions()
                .forEach(
                        (name, problem) -> {
                            if (!problem.isEmpty()) {
                                findings.add(
                                        Finding.problem(
                                                "agent",
                                                "%s: %s".formatted(name, problem),
                                                "See docs/troubleshooting.md for this sentence."));
                            }
                        });
        report.warnings()
                .forEach(
                        each ->
                                findings.add(
                                        Finding.warning(
                                                "agent", each, "See docs/troubleshooting.md.")));
        if (findings.isEmpty()) {
            findings.add(Finding.ok("agent", "version %s is ready".formatted(report.version())));
        }
        findings.add(peers(report));
        return findings;
    }

    private static Finding peers(StatusReport report) {
        List<String> bad =
                report.peers().stream()
                        .filter(peer -> peer.state().equals("down") || peer.state().equals("lossy"))
                        .map(peer -> peer.node() + " " + peer.state())
                        .toList();
        return bad.isEmpty()
                ? Finding.ok("peers", "%d, none down or lossy".formatted(report.peers().size()))
                : Finding.problem(
                        "peers",
                        "%d of %d: %s"
                                .formatted(
                                        bad.size(),
                                        report.peers().size(),
                                        String.join(", ", bad.subList(0, Math.min(5, bad.size())))),
                        "Let UDP to the overlay's port pass between the nodes; culvert ping NODE"
                                + " --mtu tells what passes.");
    }
}
