package dev.culvert.demo;

import java.util.ArrayList;
import java.util.List;

/**
 * ICMP echo by ping(8): no payload, a packet of just the pod MTU that must not be cut, and more.
 */
final class PingProbe implements Probe {
    private static final int HEADERS = 28;

    private final int podMtu;

    PingProbe(int podMtu) {
        this.podMtu = podMtu;
    }

    @Override
    public String name() {
        return "ICMP";
    }

    @Override
    public Outcome run(Endpoint sender, Pod receiver) {
        List<List<String>> sizes =
                List.of(
                        List.of("-s", "0"),
                        List.of("-M", "do", "-s", String.valueOf(podMtu - HEADERS)),
                        List.of("-s", "4000"));
        for (List<String> size : sizes) {
            Outcome outcome = ping(sender, receiver, size);
            if (!outcome.good()) {
                return outcome;
            }
        }
        return Outcome.success();
    }

    private static Outcome ping(Endpoint sender, Pod receiver, List<String> options) {
        List<String> words = new ArrayList<>(List.of("ping", "-n", "-c", "1", "-W", "2"));
        words.addAll(options);
        words.add(receiver.address());
        try {
            Command.Result result = Command.of(sender.enter(words)).run();
            return result.status() == 0
                    ? Outcome.success()
                    : Outcome.failure(String.join(" ", words) + ": " + result.text());
        } catch (DemoException e) {
            return Outcome.failure(String.valueOf(e.getMessage()));
        }
    }

    /** Whether a packet one byte beyond the pod MTU that must not be cut is refused. */
    boolean refusesTooBig(Endpoint sender, Pod receiver) {
        int payload = podMtu - HEADERS + 1;
        Outcome outcome =
                ping(sender, receiver, List.of("-M", "do", "-s", String.valueOf(payload)));
        return !outcome.good() && outcome.detail().contains("too long");
    }
}
