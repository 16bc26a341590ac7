package dev.culvert.agent.status;

import java.util.List;

/**
 * The way of a packet through this node, as far as this node knows it. Immutable.
 *
 * @param source its source address
 * @param destination its destination address
 * @param protocol {@code tcp}, {@code udp}, {@code sctp} or {@code any}
 * @param port the destination port, 0 for any
 * @param steps what was looked at, in the packet's order
 * @param arrives whether it comes to an end that it should come to
 * @param end where it ends and why, a sentence
 */
public record TraceReport(
        String source,
        String destination,
        String protocol,
        int port,
        List<Step> steps,
        boolean arrives,
        String end) {

    /** Copies the list. */
    public TraceReport {
        steps = List.copyOf(steps);
    }

    /**
     * One thing that was looked at.
     *
     * @param what its name, for example {@code route}
     * @param result {@code ok}, {@code note} or {@code drop}
     * @param text what was found
     */
    public record Step(String what, String result, String text) {}
}
