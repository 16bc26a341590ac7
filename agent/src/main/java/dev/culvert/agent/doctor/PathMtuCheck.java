package dev.culvert.agent.doctor;

import dev.culvert.agent.status.PingReport;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Whether the largest packets of pods reach other nodes: an underlay that carries less than its
 * interface says swallows them, while small ones pass. Asks a few peers that answer at all.
 * Immutable.
 *
 * @param peers those that answer
 * @param pings finds the largest packet that passes to one of them
 */
public record PathMtuCheck(Peers peers, Pings pings) implements Check {
    private static final String NAME = "path MTU";

    /** Each costs a moment, and those of one network are alike. */
    private static final int MOST_PEERS = 3;

    /** Tells who answers. */
    @FunctionalInterface
    public interface Peers {
        /** The names of the nodes whose probes are answered. */
        List<String> up() throws IOException;
    }

    /** Finds the largest packet that passes. */
    @FunctionalInterface
    public interface Pings {
        /** Asks the node of this name. */
        PingReport largest(String node) throws IOException;
    }

    @Override
    public List<Finding> look(Machine machine) {
        try {
            List<String> sample = sample(peers.up());
            return sample.isEmpty()
                    ? List.of(Finding.unchecked(NAME, "no other node is up"))
                    : findings(sample);
        } catch (IOException e) {
            return List.of(Finding.unchecked(NAME, String.valueOf(e.getMessage())));
        }
    }

    /** Spread over all of them. */
    private static List<String> sample(List<String> up) {
        int count = Math.min(MOST_PEERS, up.size());
        List<String> sample = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            sample.add(up.get(i * up.size() / count));
        }
        return sample;
    }

    private List<Finding> findings(List<String> nodes) throws IOException {
        List<Finding> findings = new ArrayList<>();
        int limit = 0;
        for (String node : nodes) {
            PingReport report = pings.largest(node);
            limit = report.limit();
            if (report.largest() < report.limit()) {
                findings.add(hole(report));
            }
        }
        if (findings.isEmpty()) {
            findings.add(
                    Finding.ok(
                            NAME,
                            "packets of %d bytes reach %s"
                                    .formatted(limit, String.join(", ", nodes))));
        }
        return findings;
    }

    private static Finding hole(PingReport report) {
        return Finding.problem(
                NAME,
                "to %s pass at most %d bytes of the %d that pods may send"
                        .formatted(report.node(), report.largest(), report.limit()),
                "Let the underlay carry what its interfaces say, or set underlayMtu to what it"
                        + " carries.");
    }
}
