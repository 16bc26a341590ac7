package dev.culvert.agent.runtime;

import java.io.IOException;
import java.util.List;

/**
 * Everything on a node that an attachment could leave behind, a line each: links, addresses, routes
 * and rules of all tables, permanent neighbours, queueing disciplines, packet-filter rules and
 * sets, network namespaces, leases, queued DELs and what the plugins keep. Immutable.
 *
 * @param lines sorted
 */
public record NodeSnapshot(List<String> lines) {
    /**
     * What changes by itself is left out: indexes, counters, carrier, learnt neighbours, and the
     * routes of link-local addresses, which come once an interface has found them to be its own.
     */
    private static final String TAKE =
            """
            ip -o link | awk '{print "link", $2}'
            ip -o address | awk '{print "address", $2, $3, $4}'
            for family in -4 -6; do
              ip $family route show table all | sed -e 's/ linkdown//' -e '/fe80:/d' -e 's/^/route /'
              ip $family rule | sed -e 's/^/rule /'
              ip $family neighbour show nud permanent | sed -e 's/^/neighbour /'
            done
            tc qdisc show | sed -e 's/^/tc /'
            for save in iptables-save ip6tables-save; do
              $save | sed -e '/^#/d' -e 's/ *\\[[0-9]*:[0-9]*\\]//' -e "s/^/$save /"
            done
            ipset list -n | sed -e 's/^/ipset /'
            find /run/netns /run/culvert/leases /run/culvert/deletes /var/lib/cni -type f \
              2>/dev/null || true
            """;

    /** Takes one. */
    public static NodeSnapshot take(RuntimeNode node) throws IOException {
        return new NodeSnapshot(
                node.run("sh", "-ec", TAKE).lines().map(String::strip).sorted().toList());
    }
}
