package dev.culvert.linux.route;

import dev.culvert.linux.LinuxException;
import dev.culvert.linux.netlink.AttributeReader;
import dev.culvert.linux.netlink.AttributeWriter;
import dev.culvert.linux.netlink.NetlinkMessage;
import dev.culvert.linux.netlink.NetlinkRequest;
import dev.culvert.net.Cidr;
import dev.culvert.net.IpAddresses;
import dev.culvert.net.IpFamily;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Routes as {@code struct rtmsg} with {@code RTA_} attributes ({@code linux/rtnetlink.h}). */
final class RouteMessages {
    private static final int RTMSG = 12;
    private static final int RTA_DST = 1;
    private static final int RTA_SRC = 2;
    private static final int RTA_IIF = 3;
    private static final int RTA_OIF = 4;
    private static final int RTA_GATEWAY = 5;
    private static final int RTA_PRIORITY = 6;
    private static final int RTA_PREFSRC = 7;
    private static final int RTA_METRICS = 8;
    private static final int RTA_TABLE = 15;
    private static final int RTA_VIA = 18;
    private static final int RTAX_MTU = 2;
    private static final int RTN_UNICAST = 1;
    private static final int RTN_LOCAL = 2;
    private static final int RT_SCOPE_UNIVERSE = 0;
    private static final int RT_SCOPE_LINK = 253;
    private static final int RT_SCOPE_NOWHERE = 255;
    private static final int RTNH_F_ONLINK = 4;
    private static final int LARGEST_SHORT_TABLE = 255;

    private RouteMessages() {}

    static NetlinkRequest dump() {
        NetlinkRequest request = NetlinkRequest.dump(Rtm.GETROUTE, "routes");
        request.body().structure(new byte[RTMSG]);
        return request;
    }

    static NetlinkRequest lookup(RouteQuery query) {
        InetAddress destination = query.destination();
        IpFamily family = IpFamily.of(destination);
        NetlinkRequest request =
                NetlinkRequest.of(
                        Rtm.GETROUTE, 0, "look up route to " + destination.getHostAddress());
        InetAddress source = query.source();
        byte[] header = new byte[RTMSG];
        header[0] = (byte) family.addressFamily();
        header[1] = (byte) family.addressBits();
        header[2] = (byte) (source == null ? 0 : family.addressBits());
        request.body().structure(header).address(RTA_DST, destination);
        if (source != null) {
            request.body().address(RTA_SRC, source);
        }
        if (query.arrivesOn() != 0) {
            request.body().u32(RTA_IIF, query.arrivesOn());
        }
        return request;
    }

    static RouteDecision decision(NetlinkMessage message) throws LinuxException {
        ByteBuffer header = message.structure(RTMSG);
        AttributeReader attributes = message.attributes(RTMSG);
        return new RouteDecision(
                (header.get(7) & 0xff) == RTN_LOCAL,
                attributes.u32(RTA_OIF, 0),
                gateway(attributes),
                attributes.address(RTA_PREFSRC),
                attributes.nested(RTA_METRICS).u32(RTAX_MTU, 0));
    }

    static NetlinkRequest ensure(Route route) {
        int flags = NetlinkRequest.CREATE | NetlinkRequest.REPLACE;
        NetlinkRequest request = NetlinkRequest.of(Rtm.NEWROUTE, flags, describe("set", route));
        int scope = route.gateway() == null ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
        identify(request.body().structure(header(route, scope)), route);
        if (route.source() != null) {
            request.body().address(RTA_PREFSRC, route.source());
        }
        if (route.mtu() != 0) {
            request.body().nested(RTA_METRICS, metrics -> metrics.u32(RTAX_MTU, route.mtu()));
        }
        return request;
    }

    static NetlinkRequest delete(Route route) {
        NetlinkRequest request = NetlinkRequest.of(Rtm.DELROUTE, 0, describe("delete", route));
        identify(request.body().structure(header(route, RT_SCOPE_NOWHERE)), route);
        return request;
    }

    private static void identify(AttributeWriter body, Route route) {
        if (route.destination().prefixLength() > 0) {
            body.address(RTA_DST, route.destination().network());
        }
        body.u32(RTA_TABLE, route.table());
        if (route.linkIndex() != 0) {
            body.u32(RTA_OIF, route.linkIndex());
        }
        if (route.priority() != 0) {
            body.u32(RTA_PRIORITY, route.priority());
        }
        InetAddress gateway = route.gateway();
        if (gateway != null) {
            gateway(body, route.destination().family(), gateway);
        }
    }

    /** A next hop of the other family goes with its family, as {@code struct rtvia}. */
    private static void gateway(AttributeWriter body, IpFamily family, InetAddress gateway) {
        IpFamily own = IpFamily.of(gateway);
        if (own == family) {
            body.address(RTA_GATEWAY, gateway);
            return;
        }
        byte[] via =
                ByteBuffer.allocate(Short.BYTES + own.addressBytes())
                        .order(ByteOrder.nativeOrder())
                        .putShort((short) own.addressFamily())
                        .put(gateway.getAddress())
                        .array();
        body.bytes(RTA_VIA, via);
    }

    private static byte[] header(Route route, int scope) {
        boolean shortTable = route.table() >= 0 && route.table() <= LARGEST_SHORT_TABLE;
        return ByteBuffer.allocate(RTMSG)
                .order(ByteOrder.nativeOrder())
                .put(0, (byte) route.destination().family().addressFamily())
                .put(1, (byte) route.destination().prefixLength())
                .put(4, (byte) (shortTable ? route.table() : 0))
                .put(5, (byte) route.protocol())
                .put(6, (byte) scope)
                .put(7, (byte) RTN_UNICAST)
                .putInt(8, route.onlink() ? RTNH_F_ONLINK : 0)
                .array();
    }

    private static String describe(String verb, Route route) {
        String via = route.gateway() == null ? "" : " via " + route.gateway().getHostAddress();
        return "%s route %s%s dev %d table %d"
                .formatted(verb, route.destination(), via, route.linkIndex(), route.table());
    }

    /** Null when it is no IPv4 or IPv6 route that we can represent. */
    static @Nullable Route decode(NetlinkMessage message) throws LinuxException {
        ByteBuffer header = message.structure(RTMSG);
        AttributeReader attributes = message.attributes(RTMSG);
        Cidr destination = destination(header, attributes.address(RTA_DST));
        if (destination == null) {
            return null;
        }
        return new Route(
                destination,
                attributes.u32(RTA_OIF, 0),
                gateway(attributes),
                attributes.address(RTA_PREFSRC),
                attributes.nested(RTA_METRICS).u32(RTAX_MTU, 0),
                header.get(5) & 0xff,
                attributes.u32(RTA_TABLE, header.get(4) & 0xff),
                attributes.u32(RTA_PRIORITY, 0),
                (header.getInt(8) & RTNH_F_ONLINK) != 0);
    }

    /** IPv4-mapped IPv6 destinations have no value in Java; no packet goes there either. */
    private static @Nullable Cidr destination(ByteBuffer header, @Nullable InetAddress address) {
        for (IpFamily family : IpFamily.values()) {
            if (family.addressFamily() == header.get(0)) {
                InetAddress network =
                        address != null ? address : IpAddresses.of(new byte[family.addressBytes()]);
                boolean same = IpFamily.of(network) == family;
                return same ? Cidr.containing(network, header.get(1) & 0xff) : null;
            }
        }
        return null;
    }

    private static @Nullable InetAddress gateway(AttributeReader attributes) throws LinuxException {
        byte[] via = attributes.bytes(RTA_VIA);
        return via != null && (via.length == 6 || via.length == 18)
                ? IpAddresses.of(Arrays.copyOfRange(via, Short.BYTES, via.length))
                : attributes.address(RTA_GATEWAY);
    }
}
