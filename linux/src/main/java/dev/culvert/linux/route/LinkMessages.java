package dev.culvert.linux.route;

import dev.culvert.linux.Errno;
import dev.culvert.linux.LinuxException;
import dev.culvert.linux.netlink.AttributeReader;
import dev.culvert.linux.netlink.AttributeWriter;
import dev.culvert.linux.netlink.NetlinkMessage;
import dev.culvert.linux.netlink.NetlinkRequest;
import dev.culvert.net.MacAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/** Links as {@code struct ifinfomsg} with {@code IFLA_} attributes ({@code linux/if_link.h}). */
final class LinkMessages {
    private static final int IFINFOMSG = 16;
    private static final int IFF_UP = 1;
    private static final int IFLA_ADDRESS = 1;
    private static final int IFLA_IFNAME = 3;
    private static final int IFLA_MTU = 4;
    private static final int IFLA_LINK = 5;
    private static final int IFLA_MASTER = 10;
    private static final int IFLA_PROTINFO = 12;
    private static final int IFLA_TXQLEN = 13;
    private static final int IFLA_LINKINFO = 18;
    private static final int IFLA_IFALIAS = 20;
    private static final int IFLA_NET_NS_FD = 28;
    private static final int IFLA_EXT_MASK = 29;
    private static final int IFLA_LINK_NETNSID = 37;
    private static final int IFLA_GSO_MAX_SIZE = 41;
    private static final int IFLA_TARGET_NETNSID = 46;
    private static final int IFLA_GSO_IPV4_MAX_SIZE = 63;
    private static final int IFLA_INFO_KIND = 1;
    private static final int IFLA_INFO_DATA = 2;
    private static final int IFLA_BRPORT_MODE = 4;
    private static final int VETH_INFO_PEER = 1;
    private static final int RTEXT_FILTER_SKIP_STATS = 8;
    private static final int MAC_BYTES = 6;

    /** The kernel's number for a link in the same namespace. */
    private static final int NO_NAMESPACE = -1;

    private LinkMessages() {}

    static NetlinkRequest dump() {
        NetlinkRequest request = NetlinkRequest.dump(Rtm.GETLINK, "links");
        request.body()
                .structure(header(Rtm.AF_UNSPEC, 0, null))
                .u32(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
        return request;
    }

    static NetlinkRequest get(String name) {
        NetlinkRequest request = NetlinkRequest.of(Rtm.GETLINK, 0, "link " + name);
        request.body()
                .structure(header(Rtm.AF_UNSPEC, 0, null))
                .text(IFLA_IFNAME, name)
                .u32(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
        return request;
    }

    static NetlinkRequest create(BridgeSpec spec) {
        NetlinkRequest request = newLink("create bridge " + spec.name());
        identify(request.body(), spec.name(), spec.mac(), spec.mtu())
                .nested(IFLA_LINKINFO, info -> info.text(IFLA_INFO_KIND, "bridge"));
        return request;
    }

    static NetlinkRequest create(VethSpec spec) {
        NetlinkRequest request =
                newLink("create veth " + spec.name() + " with peer " + spec.peerName());
        identify(request.body(), spec.name(), spec.mac(), spec.mtu())
                .text(IFLA_IFALIAS, spec.alias())
                .nested(
                        IFLA_LINKINFO,
                        info ->
                                info.text(IFLA_INFO_KIND, "veth")
                                        .nested(IFLA_INFO_DATA, data -> peer(data, spec)));
        return request;
    }

    private static NetlinkRequest newLink(String object) {
        NetlinkRequest request =
                NetlinkRequest.of(
                        Rtm.NEWLINK, NetlinkRequest.CREATE | NetlinkRequest.EXCLUSIVE, object);
        request.body().structure(header(Rtm.AF_UNSPEC, 0, null));
        return request;
    }

    private static void peer(AttributeWriter data, VethSpec spec) {
        data.nested(
                VETH_INFO_PEER,
                peer ->
                        identify(
                                        peer.structure(header(Rtm.AF_UNSPEC, 0, null)),
                                        spec.peerName(),
                                        spec.peerMac(),
                                        spec.mtu())
                                .u32(IFLA_NET_NS_FD, spec.peerNamespace().number()));
    }

    private static AttributeWriter identify(
            AttributeWriter body, String name, MacAddress mac, int mtu) {
        return body.text(IFLA_IFNAME, name).bytes(IFLA_ADDRESS, mac.bytes()).u32(IFLA_MTU, mtu);
    }

    static NetlinkRequest delete(int index) {
        NetlinkRequest request = NetlinkRequest.of(Rtm.DELLINK, 0, "delete link " + index);
        request.body().structure(header(Rtm.AF_UNSPEC, index, null));
        return request;
    }

    static NetlinkRequest change(int index, LinkChange change) {
        NetlinkRequest request = NetlinkRequest.of(Rtm.SETLINK, 0, "change link " + index);
        AttributeWriter body = request.body();
        body.structure(header(Rtm.AF_UNSPEC, index, change.up()));
        number(body, IFLA_MTU, change.mtu());
        number(body, IFLA_MASTER, change.masterIndex());
        number(body, IFLA_TXQLEN, change.transmitQueueLength());
        number(body, IFLA_GSO_MAX_SIZE, change.gsoMaxSize());
        number(body, IFLA_GSO_IPV4_MAX_SIZE, change.gsoMaxSize());
        if (change.mac() != null) {
            body.bytes(IFLA_ADDRESS, change.mac().bytes());
        }
        if (change.alias() != null) {
            body.text(IFLA_IFALIAS, change.alias());
        }
        return request;
    }

    /** Moves a link into the namespace that the asking one knows by this number. */
    static NetlinkRequest move(int index, int namespaceId) {
        NetlinkRequest request =
                NetlinkRequest.of(
                        Rtm.SETLINK, 0, "move link %d to nsid %d".formatted(index, namespaceId));
        request.body()
                .structure(header(Rtm.AF_UNSPEC, index, null))
                .u32(IFLA_TARGET_NETNSID, namespaceId);
        return request;
    }

    /** The number of the namespace that the other end of a pair is in. */
    static int peerNamespaceId(NetlinkMessage message) throws LinuxException {
        int id = message.attributes(IFINFOMSG).u32(IFLA_LINK_NETNSID, NO_NAMESPACE);
        if (id == NO_NAMESPACE) {
            String object = message.attributes(IFINFOMSG).text(IFLA_IFNAME);
            throw new LinuxException(
                    "netlink", Errno.ENODEV, object + " has no other end in another namespace");
        }
        return id;
    }

    private static void number(AttributeWriter body, int type, @Nullable Integer value) {
        if (value != null) {
            body.u32(type, value);
        }
    }

    /** What concerns a link as the port of its bridge is asked of the bridge. */
    static NetlinkRequest hairpin(int index, boolean on) {
        NetlinkRequest request =
                NetlinkRequest.of(Rtm.SETLINK, 0, "set hairpin of bridge port " + index);
        request.body()
                .structure(header(Rtm.AF_BRIDGE, index, null))
                .nested(IFLA_PROTINFO, port -> port.u8(IFLA_BRPORT_MODE, on ? 1 : 0));
        return request;
    }

    private static byte[] header(byte family, int index, @Nullable Boolean up) {
        return ByteBuffer.allocate(IFINFOMSG)
                .order(ByteOrder.nativeOrder())
                .put(0, family)
                .putInt(4, index)
                .putInt(8, Boolean.TRUE.equals(up) ? IFF_UP : 0)
                .putInt(12, up == null ? 0 : IFF_UP)
                .array();
    }

    static Link decode(NetlinkMessage message) throws LinuxException {
        ByteBuffer header = message.structure(IFINFOMSG);
        AttributeReader attributes = message.attributes(IFINFOMSG);
        String kind = attributes.nested(IFLA_LINKINFO).text(IFLA_INFO_KIND);
        return new Link(
                header.getInt(4),
                attributes.text(IFLA_IFNAME),
                kind,
                mac(attributes.bytes(IFLA_ADDRESS)),
                attributes.u32(IFLA_MTU, 0),
                (header.getInt(8) & IFF_UP) != 0,
                attributes.u32(IFLA_MASTER, 0),
                kind.equals("veth") ? attributes.u32(IFLA_LINK, 0) : 0,
                attributes.text(IFLA_IFALIAS));
    }

    /** Tunnels have an IP address in its place. */
    private static MacAddress mac(byte @Nullable [] bytes) {
        return bytes != null && bytes.length == MAC_BYTES
                ? MacAddress.of(bytes)
                : new MacAddress(0);
    }
}
