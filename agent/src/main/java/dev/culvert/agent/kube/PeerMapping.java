package dev.culvert.agent.kube;

import dev.culvert.agent.policy.PolicyPod;
import dev.culvert.agent.policy.PolicyPod.NamedPort;
import dev.culvert.agent.state.PolicyEvent;
import dev.culvert.iptables.Protocol;
import dev.culvert.net.IpAddresses;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import tools.jackson.databind.JsonNode;

/** What policies use of a Pod. Stateless. */
record PeerMapping(Consumer<PolicyEvent> sink) implements ResourceWatch.Mapping<PolicyPod> {
    private static final Set<String> FINISHED = Set.of("Succeeded", "Failed");
    private static final String MIRROR = "kubernetes.io/config.mirror";
    private static final int LARGEST_PORT = 65_535;

    @Override
    public String key(JsonNode pod) {
        return JsonFields.key(pod);
    }

    @Override
    public PolicyPod value(JsonNode pod, Oddities oddities) {
        JsonFields.Report report = what -> oddities.report("pod " + key(pod), what);
        JsonNode status = pod.path("status");
        return new PolicyPod(
                JsonFields.name(pod, "namespace"),
                JsonFields.name(pod, "name"),
                PolicyPod.digest(uid(pod.path("metadata"))),
                JsonFields.labels(pod),
                addresses(status, report),
                ports(pod.path("spec"), report),
                pod.path("spec").path("hostNetwork").asBoolean(false),
                FINISHED.contains(JsonFields.text(status.path("phase"))));
    }

    /** As the kubelet calls it: a pod that it has from a file is only shown in the API. */
    private static String uid(JsonNode metadata) {
        String shown = JsonFields.text(metadata.path("annotations").path(MIRROR));
        return shown.isEmpty() ? JsonFields.text(metadata.path("uid")) : shown;
    }

    private static List<InetAddress> addresses(JsonNode status, JsonFields.Report report) {
        List<InetAddress> addresses = new ArrayList<>();
        for (JsonNode each : JsonFields.items(status.path("podIPs"), "status.podIPs", report)) {
            add(addresses, JsonFields.text(each.path("ip")), report);
        }
        String one = JsonFields.text(status.path("podIP"));
        if (addresses.isEmpty() && !one.isEmpty()) {
            add(addresses, one, report);
        }
        return addresses;
    }

    private static void add(List<InetAddress> addresses, String text, JsonFields.Report report) {
        try {
            addresses.add(IpAddresses.parse(text));
        } catch (IllegalArgumentException _) {
            report.absurd("the pod IP %s is no IP address".formatted(Oddities.quote(text)));
        }
    }

    /** Of containers, and of those that run beside them although they are among the first. */
    private static List<NamedPort> ports(JsonNode spec, JsonFields.Report report) {
        List<NamedPort> ports = new ArrayList<>();
        for (JsonNode each : JsonFields.items(spec.path("containers"), "containers", report)) {
            add(ports, each, report);
        }
        for (JsonNode each :
                JsonFields.items(spec.path("initContainers"), "initContainers", report)) {
            if (JsonFields.text(each.path("restartPolicy")).equals("Always")) {
                add(ports, each, report);
            }
        }
        return ports;
    }

    private static void add(List<NamedPort> ports, JsonNode container, JsonFields.Report report) {
        for (JsonNode each : container.path("ports")) {
            String name = JsonFields.text(each.path("name"));
            int number = each.path("containerPort").asInt(0);
            if (name.isEmpty()) {
                continue;
            }
            if (number < 1 || number > LARGEST_PORT) {
                report.absurd("the port %s has no number".formatted(Oddities.quote(name)));
                continue;
            }
            try {
                String protocol = each.path("protocol").asString("TCP");
                ports.add(new NamedPort(name, Protocol.valueOf(protocol), number));
            } catch (IllegalArgumentException _) {
                report.absurd("the port %s has no protocol".formatted(Oddities.quote(name)));
            }
        }
    }

    @Override
    public void changed(PolicyPod pod) {
        sink.accept(new PolicyEvent.PeerChanged(pod));
    }

    @Override
    public void removed(String key) {
        sink.accept(new PolicyEvent.PeerRemoved(key));
    }

    @Override
    public void listed() {
        sink.accept(new PolicyEvent.PeersListed());
    }
}
