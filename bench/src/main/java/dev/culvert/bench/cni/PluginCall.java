package dev.culvert.bench.cni;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.culvert.linux.netns.NetworkNamespace;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.Map;

/** Runs a plugin as a runtime does, in the node's network namespace. Any thread. */
final class PluginCall {
    private final CniPlan plan;
    private final CniNode node;

    PluginCall(CniPlan plan, CniNode node) {
        this.plan = plan;
        this.node = node;
    }

    /**
     * One call, from before the process is started until it has ended.
     *
     * @return what it took, in milliseconds
     * @throws IOException with what it printed if it failed
     */
    double time(String verb, PluginMode mode, String container, NetworkNamespace pod)
            throws Exception {
        return node.namespace().call(() -> timeInside(verb, mode, container, pod));
    }

    private double timeInside(String verb, PluginMode mode, String container, NetworkNamespace pod)
            throws IOException, InterruptedException {
        ProcessBuilder builder =
                new ProcessBuilder(program(mode).toString()).redirectErrorStream(true);
        builder.environment()
                .putAll(
                        Map.of(
                                "CNI_COMMAND",
                                verb,
                                "CNI_CONTAINERID",
                                container,
                                "CNI_NETNS",
                                pod.path().toString(),
                                "CNI_IFNAME",
                                "eth0",
                                "CNI_PATH",
                                plan.plugins().toString(),
                                "CULVERT_RUN_DIR",
                                node.runDirectory().toString()));
        byte[] input = config(mode).getBytes(UTF_8);
        long start = System.nanoTime();
        Process process = builder.start();
        try (OutputStream stdin = process.getOutputStream()) {
            stdin.write(input);
        }
        String output = new String(process.getInputStream().readAllBytes(), UTF_8);
        int status = process.waitFor();
        double millis = (System.nanoTime() - start) / 1e6;
        if (status != 0) {
            throw new IOException(
                    "%s of %s ended with status %d: %s"
                            .formatted(verb, mode.label(), status, output.strip()));
        }
        return millis;
    }

    private Path program(PluginMode mode) {
        return mode == PluginMode.CULVERT ? plan.executable() : plan.plugins().resolve("bridge");
    }

    /** Both get a gateway, a default route and hairpin. */
    private String config(PluginMode mode) {
        return mode == PluginMode.CULVERT
                ? "{\"cniVersion\":\"1.0.0\",\"name\":\"culvert\",\"type\":\"culvert-cni\"}"
                : """
                {"cniVersion":"1.0.0","name":"bench","type":"bridge","bridge":"cni0",
                 "isGateway":true,"isDefaultGateway":true,"hairpinMode":true,"mtu":1450,
                 "ipam":{"type":"host-local","dataDir":"%s",
                         "ranges":[[{"subnet":"10.98.0.0/20"}]]}}"""
                        .formatted(node.addressDirectory());
    }
}
