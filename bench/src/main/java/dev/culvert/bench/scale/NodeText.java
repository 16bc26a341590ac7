package dev.culvert.bench.scale;

import java.util.Locale;
import java.util.Random;
import java.util.StringJoiner;

/**
 * Those parts of a Node object that no agent of a network needs but every agent gets. Stateless.
 */
final class NodeText {
    /** As many as the kubelet reports. */
    private static final int IMAGE_COUNT = 50;

    static final String ANNOTATIONS =
            "\"node.alpha.kubernetes.io/ttl\":\"300\","
                    + "\"volumes.kubernetes.io/controller-managed-attach-detach\":\"true\","
                    + "\"kubeadm.alpha.kubernetes.io/cri-socket\":"
                    + "\"unix:///run/containerd/containerd.sock\",\"csi.volume.kubernetes.io/nodeid\":"
                    + "\"{\\\"block.csi.example.com\\\":\\\"zone-a/instance-0123456789abcdef\\\"}\"";

    static final String CAPACITY =
            "\"capacity\":{\"cpu\":\"32\",\"ephemeral-storage\":\"523988Mi\",\"hugepages-1Gi\":\"0\","
                    + "\"hugepages-2Mi\":\"0\",\"memory\":\"131735920Ki\",\"pods\":\"110\"},"
                    + "\"allocatable\":{\"cpu\":\"31800m\",\"ephemeral-storage\":\"482407420031\","
                    + "\"hugepages-1Gi\":\"0\",\"hugepages-2Mi\":\"0\",\"memory\":\"129044912Ki\","
                    + "\"pods\":\"110\"},\"daemonEndpoints\":{\"kubeletEndpoint\":{\"Port\":10250}}";

    static final String NODE_INFO =
            "\"nodeInfo\":{\"machineID\":\"5b1f6cf0c5b94c0bb2a0f3a1d5e6a7b8\",\"systemUUID\":"
                    + "\"ec2f6cf0-c5b9-4c0b-b2a0-f3a1d5e6a7b8\",\"bootID\":"
                    + "\"0b0a6cf0-c5b9-4c0b-b2a0-f3a1d5e6a7b8\",\"kernelVersion\":\"6.12.48-cloud-amd64\",\"osImage\":\"Debian"
                    + " GNU/Linux 13 (trixie)\",\"containerRuntimeVersion\":"
                    + "\"containerd://2.1.4\",\"kubeletVersion\":\"v1.34.1\",\"kubeProxyVersion\":\"\","
                    + "\"operatingSystem\":\"linux\",\"architecture\":\"amd64\"}";

    private NodeText() {}

    static String labels(String name) {
        return "\"beta.kubernetes.io/arch\":\"amd64\",\"beta.kubernetes.io/os\":\"linux\","
                + "\"kubernetes.io/arch\":\"amd64\",\"kubernetes.io/os\":\"linux\","
                + "\"kubernetes.io/hostname\":\""
                + name
                + "\",\"node.kubernetes.io/instance-type\":\"large-32\","
                + "\"topology.kubernetes.io/region\":\"region-1\","
                + "\"topology.kubernetes.io/zone\":\"region-1a\",\"pool\":\"general\","
                + "\"team\":\"platform\",\"lifecycle\":\"on-demand\"";
    }

    static String conditions(String heartbeat) {
        StringJoiner conditions = new StringJoiner(",");
        for (String type :
                new String[] {"MemoryPressure", "DiskPressure", "PIDPressure", "Ready"}) {
            boolean ready = type.equals("Ready");
            conditions.add(
                    ("{\"type\":\"%s\",\"status\":\"%s\",\"lastHeartbeatTime\":\"%s\","
                                    + "\"lastTransitionTime\":\"2026-02-01T00:00:00Z\","
                                    + "\"reason\":\"%s\",\"message\":\"%s\"}")
                            .formatted(
                                    type,
                                    ready ? "True" : "False",
                                    heartbeat,
                                    ready ? "KubeletReady" : "KubeletHasNoPressure",
                                    ready
                                            ? "kubelet is posting ready status"
                                            : "kubelet has no pressure of this kind"));
        }
        conditions.add(
                "{\"type\":\"NetworkUnavailable\",\"status\":\"False\",\"lastHeartbeatTime\":"
                        + "\"2026-02-01T00:00:00Z\",\"lastTransitionTime\":\"2026-02-01T00:00:00Z\",\"reason\":\"CulvertIsUp\",\"message\":\"Culvert"
                        + " is running on this node\"}");
        return conditions.toString();
    }

    /** By digest and by tag, as container runtimes report them. */
    static String images() {
        Random random = new Random(50);
        StringJoiner images = new StringJoiner(",");
        for (int i = 0; i < IMAGE_COUNT; i++) {
            String name = "registry.example.com/team-%02d/service-%03d".formatted(i % 12, i);
            images.add(
                    "{\"names\":[\"%s@sha256:%s\",\"%s:v1.%d.%d\"],\"sizeBytes\":%d}"
                            .formatted(
                                    name,
                                    hex(random),
                                    name,
                                    random.nextInt(40),
                                    random.nextInt(20),
                                    20_000_000L + random.nextInt(900_000_000)));
        }
        return images.toString();
    }

    private static String hex(Random random) {
        StringBuilder text = new StringBuilder();
        while (text.length() < 64) {
            text.append(String.format(Locale.ROOT, "%08x", random.nextInt()));
        }
        return text.toString();
    }

    /** Who wrote which field: a third of a real Node. */
    static String managedFields() {
        StringJoiner entries = new StringJoiner(",");
        for (String manager : new String[] {"kubeadm", "kube-controller-manager", "kubelet"}) {
            entries.add(
                    ("{\"manager\":\"%s\",\"operation\":\"Update\",\"apiVersion\":\"v1\",\"time\":"
                                    + "\"2026-03-01T00:00:00Z\",\"fieldsType\":\"FieldsV1\","
                                    + "\"fieldsV1\":{%s}}")
                            .formatted(manager, fields(manager)));
        }
        return entries.toString();
    }

    private static String fields(String manager) {
        StringJoiner fields = new StringJoiner(",");
        for (String part : new String[] {"metadata", "spec", "status"}) {
            StringJoiner names = new StringJoiner(",");
            for (int i = 0; i < 18; i++) {
                names.add(
                        "\"f:%s-field-of-%s-%02d\":{\"f:value\":{},\".\":{}}"
                                .formatted(part, manager, i));
            }
            fields.add("\"f:" + part + "\":{" + names + "}");
        }
        return fields.toString();
    }
}
