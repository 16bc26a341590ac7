package dev.culvert.bench.policy;

import dev.culvert.agent.state.ClusterEvent;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;

/**
 * Round trips between two pods of a node: without policies, with one, and with all of the plan. One
 * thread.
 */
final class PacketBench {
    private static final int WARM_UP_TRIPS = 10_000;

    private static final int MOST_SOCKETS = 4_000;

    private final PolicyPlan plan;
    private final PolicyResults results;

    PacketBench(PolicyPlan plan, PolicyResults results) {
        this.plan = plan;
        this.results = results;
    }

    void run() throws Exception {
        PairWorld one = new PairWorld(new PolicyWorld(0, 0, 0));
        PairWorld all =
                new PairWorld(new PolicyWorld(plan.policies(), plan.pods(), plan.ownPods()));
        InetAddress client = PairWorld.CLIENT;
        InetAddress server = PairWorld.SERVER;
        try (PodPair open = PodPair.create(client, server);
                PodPair few = PodPair.create(client, server);
                PodPair many = PodPair.create(client, server);
                PolicyNode onePolicy = node(few, one);
                PolicyNode allPolicies = node(many, all)) {
            open.track(plan.mode());
            onePolicy.start(events(one));
            allPolicies.start(events(all));
            List<PodPair> pairs = List.of(open, few, many);
            for (int i = 0; i < 2 * pairs.size(); i++) {
                pairs.get(i % pairs.size()).microsForEach(server, WARM_UP_TRIPS, false);
            }
            System.err.printf("%d rounds of packets%n", plan.rounds());
            for (int round = 0; round < plan.rounds(); round++) {
                round(pairs, round, false, "Established");
                round(pairs, round, true, "FirstPacket");
            }
        }
    }

    private PolicyNode node(PodPair pair, PairWorld world) throws Exception {
        return new PolicyNode(
                pair.node(), plan.mode(), List.of(PolicyWorld.OWN_RANGE), world.attached());
    }

    private static List<ClusterEvent> events(PairWorld world) {
        return new ArrayList<>(world.listed());
    }

    /** Each time another one begins, so that what changes with time does not favour any. */
    private void round(List<PodPair> pairs, int round, boolean fresh, String which)
            throws Exception {
        int trips = fresh ? Math.min(plan.trips(), MOST_SOCKETS) : plan.trips();
        double[] micros = new double[pairs.size()];
        for (int i = 0; i < micros.length; i++) {
            int at = (round + i) % micros.length;
            micros[at] = pairs.get(at).microsForEach(PairWorld.SERVER, trips, fresh);
        }
        results.add("roundTripOpen" + which + "Micros", "us", micros[0]);
        results.add("roundTripOnePolicy" + which + "Ratio", "", micros[1] / micros[0]);
        results.add("roundTripAllPolicies" + which + "Ratio", "", micros[2] / micros[0]);
    }
}
