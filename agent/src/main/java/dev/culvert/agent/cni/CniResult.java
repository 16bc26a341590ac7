package dev.culvert.agent.cni;

import dev.culvert.agent.sandbox.Attachment;
import dev.culvert.agent.sandbox.PodAddress;
import dev.culvert.net.IpFamily;
import dev.culvert.net.MacAddress;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The success of an ADD in the form of the version that was asked for. Plugins that come after
 * (portmap, bandwidth) find their way by the three interfaces: bridge, node's end, pod's end.
 * Stateless, any thread.
 *
 * @see <a href="https://www.cni.dev/docs/spec/#add-success">CNI: ADD success</a>
 */
final class CniResult {
    private static final int POD_INTERFACE = 2;

    private CniResult() {}

    /**
     * Renders it.
     *
     * @param sandbox the value of CNI_NETNS
     * @param bridgeMac the bridge's hardware address
     * @param dns the DNS settings of the configuration, if it has any
     */
    static String json(
            CniVersion version,
            Attachment attachment,
            String sandbox,
            MacAddress bridgeMac,
            Optional<JsonNode> dns) {
        ObjectNode result = CniRequest.object();
        result.put("cniVersion", version.toString());
        int mtu = version.hasMtu() ? attachment.mtu() : 0;
        result.putArray("interfaces")
                .add(link(attachment.bridge(), bridgeMac, mtu, null))
                .add(link(attachment.hostVeth(), attachment.hostMac(), mtu, null))
                .add(link(attachment.ifName(), attachment.podMac(), mtu, sandbox));
        var ips = result.putArray("ips");
        var routes = result.putArray("routes");
        for (PodAddress each : attachment.addresses()) {
            ObjectNode ip = ips.addObject();
            if (version.namesAddressFamily()) {
                ip.put("version", each.family() == IpFamily.IPV4 ? "4" : "6");
            }
            ip.put("interface", POD_INTERFACE);
            ip.put("address", each.withLength());
            ip.put("gateway", each.gateway().getHostAddress());
            ObjectNode route = routes.addObject();
            route.put("dst", each.everything().toString());
            route.put("gw", each.gateway().getHostAddress());
            if (version.hasMtu()) {
                route.put("mtu", attachment.mtu());
            }
        }
        result.set("dns", dns.orElseGet(CniRequest::object));
        return result.toString();
    }

    private static ObjectNode link(String name, MacAddress mac, int mtu, @Nullable String sandbox) {
        ObjectNode link = CniRequest.object();
        link.put("name", name);
        link.put("mac", mac.toString());
        if (mtu > 0) {
            link.put("mtu", mtu);
        }
        if (sandbox != null) {
            link.put("sandbox", sandbox);
        }
        return link;
    }
}
