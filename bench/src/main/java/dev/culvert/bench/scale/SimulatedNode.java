package dev.culvert.bench.scale;

import dev.culvert.bench.scale.api.ApiObject;
import dev.culvert.net.Cidr;
import dev.culvert.net.MacAddress;
import java.net.InetAddress;
import java.util.Locale;
import java.util.Map;

/**
 * A Node object, as large as those of real clusters: about 25 KB with 50 images, conditions, labels
 * and managed fields. Immutable.
 *
 * @param index tells nodes apart, and the ranges that they have
 * @param name its name
 * @param podCidr its range
 * @param address its underlay address
 * @param announced whether its agent has announced a tunnel endpoint
 * @param beat of the kubelet's last report
 */
record SimulatedNode(
        int index, String name, Cidr podCidr, InetAddress address, boolean announced, long beat)
        implements ApiObject.Body {
    private static final String IMAGES = NodeText.images();
    private static final String MANAGED_FIELDS = NodeText.managedFields();

    /** For the server. */
    ApiObject object() {
        return new ApiObject(name, Map.of("metadata.name", name), 0, this);
    }

    /** The same node at another address, announced there. */
    SimulatedNode movedTo(InetAddress other) {
        return new SimulatedNode(index, name, podCidr, other, true, beat + 1);
    }

    /** The same node, reported again. */
    SimulatedNode reported() {
        return new SimulatedNode(index, name, podCidr, address, announced, beat + 1);
    }

    /** The address of a pod there. */
    InetAddress pod() {
        return podCidr.address(5);
    }

    @Override
    public String json(long version) {
        return "{\"kind\":\"Node\",\"apiVersion\":\"v1\","
                + metadata(version)
                + ",\"spec\":{\"podCIDR\":\"%s\",\"podCIDRs\":[\"%s\"],\"providerID\":\"sim:///%s\"}"
                        .formatted(podCidr, podCidr, name)
                + ",\"status\":{"
                + NodeText.CAPACITY
                + ",\"conditions\":["
                + NodeText.conditions(time(beat))
                + "],\"addresses\":[{\"type\":\"InternalIP\",\"address\":\""
                + address.getHostAddress()
                + "\"},{\"type\":\"Hostname\",\"address\":\""
                + name
                + "\"}],"
                + NodeText.NODE_INFO
                + ",\"images\":["
                + IMAGES
                + "]}}";
    }

    private String metadata(long version) {
        return "\"metadata\":{\"name\":\""
                + name
                + "\",\"uid\":\""
                + uid()
                + "\",\"resourceVersion\":\""
                + version
                + "\",\"creationTimestamp\":\""
                + time(index)
                + "\",\"labels\":{"
                + NodeText.labels(name)
                + "},\"annotations\":{"
                + NodeText.ANNOTATIONS
                + (announced
                        ? ",\"culvert.dev/vtep\":\"" + vtep().replace("\"", "\\\"") + "\""
                        : "")
                + "},\"managedFields\":["
                + MANAGED_FIELDS
                + "]}";
    }

    private String vtep() {
        return "{\"ip\":\"%s\",\"mac\":\"%s\",\"vni\":1,\"port\":4789,\"protocols\":[\"vxlan\",\"vxlan-rco\"]}"
                .formatted(address.getHostAddress(), MacAddress.ofName(name));
    }

    private String uid() {
        return String.format(Locale.ROOT, "%08x-7a3e-4c1b-9d55-00005ca1ab1e", index);
    }

    /** A second for each number. */
    private static String time(long number) {
        long seconds = number % 86_400;
        return String.format(
                Locale.ROOT,
                "2026-03-%02dT%02d:%02d:%02dZ",
                1 + number / 86_400 % 28,
                seconds / 3600,
                seconds / 60 % 60,
                seconds % 60);
    }
}
