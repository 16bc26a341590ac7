package dev.culvert.agent.status;

import java.util.List;

/**
 * What became of echo requests to another node's tunnel address. Immutable.
 *
 * @param node the other node
 * @param address where they went
 * @param bytes of each IP packet
 * @param micros of each answer in microseconds, in the order of the requests; -1 for a lost one, -2
 *     for one that was too big to leave
 * @param largest bytes of the largest packet that was answered when that was asked for, 0 for none,
 *     -1 when it was not asked for
 * @param limit bytes of the largest packet of this node's pods
 */
public record PingReport(
        String node, String address, int bytes, List<Long> micros, int largest, int limit) {

    /** Copies the list. */
    public PingReport {
        micros = List.copyOf(micros);
    }

    /** The answers' times, the shortest first. */
    public List<Long> sorted() {
        return micros.stream().filter(each -> each >= 0).sorted().toList();
    }

    /** Requests without an answer. */
    public long lost() {
        return micros.stream().filter(each -> each < 0).count();
    }
}
