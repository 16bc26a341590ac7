package dev.culvert.linux.conntrack;

import dev.culvert.linux.LinuxException;
import dev.culvert.linux.netlink.AttributeReader;
import dev.culvert.linux.netlink.AttributeWriter;
import dev.culvert.linux.netlink.NetlinkMessage;
import dev.culvert.linux.netlink.NetlinkRequest;
import dev.culvert.net.IpFamily;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Connections as {@code struct nfgenmsg} ({@code linux/netfilter/nfnetlink.h}) with {@code CTA_}
 * attributes ({@code linux/netfilter/nfnetlink_conntrack.h}); numbers are in network order.
 */
final class ConntrackMessages {
    /** {@code NFNL_SUBSYS_CTNETLINK << 8}, to which the message's number is added. */
    private static final int SUBSYSTEM = 1 << 8;

    private static final int IPCTNL_MSG_CT_NEW = SUBSYSTEM;
    private static final int IPCTNL_MSG_CT_GET = SUBSYSTEM | 1;
    private static final int IPCTNL_MSG_CT_DELETE = SUBSYSTEM | 2;
    private static final int NFGENMSG = 4;

    private static final int CTA_TUPLE_ORIG = 1;
    private static final int CTA_TUPLE_REPLY = 2;
    private static final int CTA_ID = 12;
    private static final int CTA_ZONE = 18;
    private static final int CTA_FILTER = 25;

    private static final int CTA_FILTER_ORIG_FLAGS = 1;

    /** {@code CTA_FILTER_FLAG(CTA_PROTO_NUM)}: only this of the tuple counts. */
    private static final int PROTOCOL_COUNTS = 1 << 3;

    private static final int CTA_TUPLE_IP = 1;
    private static final int CTA_TUPLE_PROTO = 2;
    private static final int CTA_TUPLE_ZONE = 3;
    private static final int CTA_IP_V4_SRC = 1;
    private static final int CTA_IP_V4_DST = 2;
    private static final int CTA_IP_V6_SRC = 3;
    private static final int CTA_IP_V6_DST = 4;
    private static final int CTA_PROTO_NUM = 1;
    private static final int CTA_PROTO_SRC_PORT = 2;
    private static final int CTA_PROTO_DST_PORT = 3;
    private static final int CTA_PROTO_ICMP_ID = 4;
    private static final int CTA_PROTO_ICMPV6_ID = 7;

    private ConntrackMessages() {}

    static NetlinkRequest dump(IpFamily family) {
        NetlinkRequest request = NetlinkRequest.dump(IPCTNL_MSG_CT_GET, family + " connections");
        request.body().structure(header(family));
        return request;
    }

    static NetlinkRequest dump(IpFamily family, int protocol) {
        NetlinkRequest request = dump(family);
        request.body()
                .nested(
                        CTA_TUPLE_ORIG,
                        tuple ->
                                tuple.nested(
                                        CTA_TUPLE_PROTO, part -> part.u8(CTA_PROTO_NUM, protocol)))
                .nested(CTA_FILTER, filter -> filter.u32(CTA_FILTER_ORIG_FLAGS, PROTOCOL_COUNTS));
        return request;
    }

    /** The tuple finds the connection; a request without one would delete all. */
    static NetlinkRequest delete(Connection connection) {
        NetlinkRequest request =
                NetlinkRequest.of(IPCTNL_MSG_CT_DELETE, 0, "delete connection " + connection);
        FlowTuple original = connection.original();
        request.body()
                .structure(header(connection.family()))
                .nested(CTA_TUPLE_ORIG, tuple -> write(tuple, original))
                .bytes(CTA_ID, ByteBuffer.allocate(4).putInt(connection.id()).array());
        return request;
    }

    private static byte[] header(IpFamily family) {
        byte[] header = new byte[NFGENMSG];
        header[0] = (byte) family.addressFamily();
        return header;
    }

    private static void write(AttributeWriter tuple, FlowTuple flow) {
        boolean v4 = IpFamily.of(flow.source()) == IpFamily.IPV4;
        tuple.nested(
                CTA_TUPLE_IP,
                ip ->
                        ip.address(v4 ? CTA_IP_V4_SRC : CTA_IP_V6_SRC, flow.source())
                                .address(v4 ? CTA_IP_V4_DST : CTA_IP_V6_DST, flow.destination()));
        tuple.nested(
                CTA_TUPLE_PROTO,
                part -> {
                    part.u8(CTA_PROTO_NUM, flow.protocol());
                    writePorts(part, flow);
                });
    }

    private static void writePorts(AttributeWriter part, FlowTuple flow) {
        int icmpId = icmpId(flow.protocol());
        if (icmpId == 0) {
            part.bytes(CTA_PROTO_SRC_PORT, u16(flow.sourcePort()));
            part.bytes(CTA_PROTO_DST_PORT, u16(flow.destinationPort()));
        } else {
            part.bytes(icmpId, u16(flow.sourcePort()));
            part.u8(icmpId + 1, flow.destinationPort() >> 8);
            part.u8(icmpId + 2, flow.destinationPort() & 0xff);
        }
    }

    /** The attribute of the identifier, before those of type and code; 0 for other protocols. */
    private static int icmpId(int protocol) {
        return switch (protocol) {
            case FlowTuple.ICMP -> CTA_PROTO_ICMP_ID;
            case FlowTuple.ICMPV6 -> CTA_PROTO_ICMPV6_ID;
            default -> 0;
        };
    }

    private static byte[] u16(int value) {
        return new byte[] {(byte) (value >> 8), (byte) value};
    }

    /** Null when it is of another zone than the default one, or nothing that we can represent. */
    static @Nullable Connection decode(NetlinkMessage message, IpFamily family)
            throws LinuxException {
        if (message.type() != IPCTNL_MSG_CT_NEW) {
            return null;
        }
        AttributeReader attributes = message.attributes(NFGENMSG);
        byte[] id = attributes.bytes(CTA_ID);
        FlowTuple original = tuple(attributes.nested(CTA_TUPLE_ORIG), family);
        FlowTuple reply = tuple(attributes.nested(CTA_TUPLE_REPLY), family);
        boolean whole = id != null && id.length == Integer.BYTES;
        if (!whole || original == null || reply == null || attributes.has(CTA_ZONE)) {
            return null;
        }
        return new Connection(ByteBuffer.wrap(id).getInt(), original, reply);
    }

    private static @Nullable FlowTuple tuple(AttributeReader tuple, IpFamily family)
            throws LinuxException {
        AttributeReader ip = tuple.nested(CTA_TUPLE_IP);
        boolean v4 = family == IpFamily.IPV4;
        InetAddress source = ip.address(v4 ? CTA_IP_V4_SRC : CTA_IP_V6_SRC);
        InetAddress destination = ip.address(v4 ? CTA_IP_V4_DST : CTA_IP_V6_DST);
        if (source == null || destination == null || tuple.has(CTA_TUPLE_ZONE)) {
            return null;
        }
        // IPv4-mapped IPv6 addresses have no value in Java.
        if (IpFamily.of(source) != family || IpFamily.of(destination) != family) {
            return null;
        }
        AttributeReader part = tuple.nested(CTA_TUPLE_PROTO);
        int protocol = part.u8(CTA_PROTO_NUM, 0);
        int icmpId = icmpId(protocol);
        return icmpId == 0
                ? new FlowTuple(
                        source,
                        destination,
                        protocol,
                        u16(part, CTA_PROTO_SRC_PORT),
                        u16(part, CTA_PROTO_DST_PORT))
                : new FlowTuple(
                        source,
                        destination,
                        protocol,
                        u16(part, icmpId),
                        (part.u8(icmpId + 1, 0) << 8) | part.u8(icmpId + 2, 0));
    }

    private static int u16(AttributeReader part, int type) {
        byte[] bytes = part.bytes(type);
        return bytes == null || bytes.length != 2
                ? 0
                : ((bytes[0] & 0xff) << 8) | (bytes[1] & 0xff);
    }
}
