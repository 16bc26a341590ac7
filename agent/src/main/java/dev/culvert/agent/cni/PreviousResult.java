package dev.culvert.agent.cni;

import dev.culvert.net.Cidr;
import dev.culvert.net.IpAddresses;
import dev.culvert.net.IpFamily;
import dev.culvert.net.MacAddress;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * The result of an ADD as the runtime hands it back, after all plugins of the list: what CHECK
 * compares with. The forms of all versions are read alike. Immutable, any thread.
 *
 * @see <a href="https://www.cni.dev/docs/spec/#add-success">CNI: ADD success</a>
 */
record PreviousResult(List<Interface> interfaces, List<Ip> ips, List<RouteEntry> routes) {
    private static final int NO_INTERFACE = -1;

    /**
     * An interface.
     *
     * @param sandbox the path of its namespace, empty for one of the node
     * @param mtu 0 when the result does not say
     */
    record Interface(String name, @Nullable MacAddress mac, String sandbox, int mtu) {}

    /**
     * An address.
     *
     * @param length the prefix length
     * @param link the index in {@code interfaces}, or -1
     */
    record Ip(InetAddress address, int length, @Nullable InetAddress gateway, int link) {
        @Override
        public String toString() {
            return address.getHostAddress() + "/" + length;
        }
    }

    /**
     * A route.
     *
     * @param mtu 0 when the result does not say
     */
    record RouteEntry(Cidr destination, @Nullable InetAddress gateway, int mtu) {}

    /** Reads the value of {@code prevResult}. */
    static PreviousResult of(JsonNode json) throws CniError {
        try {
            List<Interface> interfaces = new ArrayList<>();
            for (JsonNode each : list(json, "interfaces")) {
                interfaces.add(link(each));
            }
            List<Ip> ips = new ArrayList<>();
            for (JsonNode each : list(json, "ips")) {
                ips.add(ip(each, interfaces.size()));
            }
            List<RouteEntry> routes = new ArrayList<>();
            for (JsonNode each : list(json, "routes")) {
                routes.add(route(each));
            }
            return new PreviousResult(interfaces, ips, routes);
        } catch (IllegalArgumentException e) {
            throw new CniError(
                    CniError.BAD_CONFIGURATION,
                    "prevResult is no result of an ADD: " + e.getMessage());
        }
    }

    /** The interface of this name that is in a sandbox; null if there is none. */
    @Nullable Interface inSandbox(String name) {
        int index = indexOf(name);
        return index == NO_INTERFACE ? null : interfaces.get(index);
    }

    /** The addresses of the interface of this name in a sandbox. */
    List<Ip> ipsOf(String name) {
        int index = indexOf(name);
        return ips.stream().filter(each -> each.link == index).toList();
    }

    private int indexOf(String name) {
        for (int i = 0; i < interfaces.size(); i++) {
            if (interfaces.get(i).name.equals(name) && !interfaces.get(i).sandbox.isEmpty()) {
                return i;
            }
        }
        return NO_INTERFACE;
    }

    private static Iterable<JsonNode> list(JsonNode json, String key) {
        JsonNode list = json.path(key);
        if (list.isMissingNode() || list.isNull()) {
            return List.of();
        }
        if (!list.isArray()) {
            throw new IllegalArgumentException("'" + key + "' is no list");
        }
        return list;
    }

    private static Interface link(JsonNode json) {
        String name = json.path("name").asString("");
        if (name.isEmpty()) {
            throw new IllegalArgumentException("an interface has no name");
        }
        String mac = json.path("mac").asString("");
        return new Interface(
                name,
                mac.isEmpty() ? null : MacAddress.parse(mac),
                json.path("sandbox").asString(""),
                json.path("mtu").asInt(0));
    }

    private static Ip ip(JsonNode json, int interfaces) {
        String[] parts = json.path("address").asString("").split("/", 2);
        InetAddress address = IpAddresses.parse(parts[0]);
        int link = json.path("interface").asInt(NO_INTERFACE);
        if (link >= interfaces) {
            throw new IllegalArgumentException(
                    "the address %s names interface %d, and there are %d"
                            .formatted(parts[0], link, interfaces));
        }
        return new Ip(address, length(address, parts), gateway(json, "gateway"), link);
    }

    private static RouteEntry route(JsonNode json) {
        String[] parts = json.path("dst").asString("").split("/", 2);
        InetAddress address = IpAddresses.parse(parts[0]);
        return new RouteEntry(
                Cidr.containing(address, length(address, parts)),
                gateway(json, "gw"),
                json.path("mtu").asInt(0));
    }

    private static int length(InetAddress address, String... parts) {
        int longest = IpFamily.of(address).addressBits();
        if (parts.length == 2 && parts[1].matches("[0-9]{1,3}")) {
            int length = Integer.parseInt(parts[1]);
            if (length <= longest) {
                return length;
            }
        }
        throw new IllegalArgumentException(
                "'%s' has no prefix length of 0 to %d".formatted(String.join("/", parts), longest));
    }

    private static @Nullable InetAddress gateway(JsonNode json, String key) {
        String text = json.path(key).asString("");
        return text.isEmpty() ? null : IpAddresses.parse(text);
    }
}
