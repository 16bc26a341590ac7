package dev.culvert.bench.scale;

import java.util.StringJoiner;

/** Those parts of a Pod object that are alike. Stateless. */
final class PodText {
    static final String METADATA =
            "\"labels\":{\"app\":\"service\",\"pod-template-hash\":\"5d9c7b6f8d\",\"tier\":\"backend\"},"
                    + "\"ownerReferences\":[{\"apiVersion\":\"apps/v1\",\"kind\":\"ReplicaSet\","
                    + "\"name\":\"service-5d9c7b6f8d\",\"uid\":\"5d9c7b6f-8d00-4c1b-9d55-0a0a0a0a0a0a\","
                    + "\"controller\":true,\"blockOwnerDeletion\":true}],\"managedFields\":["
                    + NodeText.managedFields()
                    + "]";

    static final String SPEC =
            "\"containers\":[{\"name\":\"main\",\"image\":\"registry.example.com/team/service:v1.2.3\","
                    + "\"ports\":[{\"name\":\"http\",\"containerPort\":8080,\"protocol\":\"TCP\"}],\"env\":["
                    + environment()
                    + "],\"resources\":{\"limits\":{\"cpu\":\"1\",\"memory\":\"1Gi\"},\"requests\":{"
                    + "\"cpu\":\"100m\",\"memory\":\"256Mi\"}},\"volumeMounts\":[{\"name\":\"token\","
                    + "\"readOnly\":true,\"mountPath\":\"/var/run/secrets/kubernetes.io/serviceaccount\"}],"
                    + "\"terminationMessagePath\":\"/dev/termination-log\",\"imagePullPolicy\":"
                    + "\"IfNotPresent\"}],\"restartPolicy\":\"Always\",\"dnsPolicy\":\"ClusterFirst\","
                    + "\"serviceAccountName\":\"default\",\"schedulerName\":\"default-scheduler\"";

    private PodText() {}

    private static String environment() {
        StringJoiner variables = new StringJoiner(",");
        for (int i = 0; i < 20; i++) {
            variables.add(
                    "{\"name\":\"SETTING_%02d\",\"value\":\"some value of it\"}".formatted(i));
        }
        return variables.toString();
    }

    static String status(int change) {
        return "\"conditions\":[{\"type\":\"Ready\",\"status\":\""
                + (change % 2 == 0 ? "True" : "False")
                + "\",\"lastTransitionTime\":\"2026-03-01T00:00:00Z\"},{\"type\":\"PodScheduled\","
                + "\"status\":\"True\",\"lastTransitionTime\":\"2026-03-01T00:00:00Z\"}],"
                + "\"containerStatuses\":[{\"name\":\"main\",\"ready\":true,\"restartCount\":"
                + change
                + ",\"image\":\"registry.example.com/team/service:v1.2.3\",\"imageID\":"
                + "\"registry.example.com/team/service@sha256:0123456789abcdef0123456789abcdef\","
                + "\"state\":{\"running\":{\"startedAt\":\"2026-03-01T00:00:00Z\"}}}],"
                + "\"qosClass\":\"Burstable\"";
    }
}
