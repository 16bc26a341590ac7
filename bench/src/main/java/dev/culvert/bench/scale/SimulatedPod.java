package dev.culvert.bench.scale;

import dev.culvert.bench.scale.api.ApiObject;
import java.util.Locale;
import java.util.Map;

/**
 * A Pod object of about 4 KB. Immutable.
 *
 * @param index tells pods apart
 * @param node the node that it is on
 * @param ip its address
 * @param change how often it has changed
 */
record SimulatedPod(int index, String node, String ip, int change) implements ApiObject.Body {
    private static final int NAMESPACES = 200;

    /** For the server. */
    ApiObject object() {
        return new ApiObject(
                namespace() + "/" + name(),
                Map.of(
                        "spec.nodeName",
                        node,
                        "metadata.name",
                        name(),
                        "metadata.namespace",
                        namespace()),
                0,
                this);
    }

    /** The same pod, its status written again. */
    SimulatedPod reported() {
        return new SimulatedPod(index, node, ip, change + 1);
    }

    String namespace() {
        return "team-%03d".formatted(index % NAMESPACES);
    }

    String name() {
        return String.format(Locale.ROOT, "service-%03d-%08x", index % 997, index);
    }

    @Override
    public String json(long version) {
        return "{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\""
                + name()
                + "\",\"namespace\":\""
                + namespace()
                + "\",\"uid\":\""
                + String.format(Locale.ROOT, "%08x-90d5-4c1b-9d55-00005ca1ab1e", index)
                + "\",\"resourceVersion\":\""
                + version
                + "\",\"creationTimestamp\":\"2026-03-01T00:00:00Z\","
                + PodText.METADATA
                + "},\"spec\":{\"nodeName\":\""
                + node
                + "\","
                + PodText.SPEC
                + "},\"status\":{\"phase\":\"Running\",\"podIP\":\""
                + ip
                + "\",\"podIPs\":[{\"ip\":\""
                + ip
                + "\"}],"
                + PodText.status(change)
                + "}}";
    }
}
