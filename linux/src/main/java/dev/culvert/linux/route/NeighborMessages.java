package dev.culvert.linux.route;

import dev.culvert.linux.LinuxException;
import dev.culvert.linux.netlink.AttributeReader;
import dev.culvert.linux.netlink.NetlinkMessage;
import dev.culvert.linux.netlink.NetlinkRequest;
import dev.culvert.net.IpFamily;
import dev.culvert.net.MacAddress;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/** Neighbours as {@code struct ndmsg} with {@code NDA_} attributes ({@code linux/neighbour.h}). */
final class NeighborMessages {
    private static final int NDMSG = 12;
    private static final int NDA_DST = 1;
    private static final int NDA_LLADDR = 2;
    private static final int NUD_REACHABLE = 0x02;
    private static final int NUD_FAILED = 0x20;
    private static final int NUD_PERMANENT = 0x80;
    private static final int MAC_BYTES = 6;

    private NeighborMessages() {}

    static NetlinkRequest dump() {
        NetlinkRequest request = NetlinkRequest.dump(Rtm.GETNEIGH, "neighbours");
        request.body().structure(new byte[NDMSG]);
        return request;
    }

    static NetlinkRequest ensure(Neighbor neighbor) {
        int flags = NetlinkRequest.CREATE | NetlinkRequest.REPLACE;
        NetlinkRequest request = request(Rtm.NEWNEIGH, flags, "set", neighbor);
        request.body().bytes(NDA_LLADDR, neighbor.mac().bytes());
        return request;
    }

    static NetlinkRequest delete(Neighbor neighbor) {
        return request(Rtm.DELNEIGH, 0, "delete", neighbor);
    }

    private static NetlinkRequest request(int type, int flags, String verb, Neighbor neighbor) {
        String object =
                "%s neighbour %s dev %d"
                        .formatted(verb, neighbor.address().getHostAddress(), neighbor.linkIndex());
        NetlinkRequest request = NetlinkRequest.of(type, flags, object);
        int state = neighbor.permanent() ? NUD_PERMANENT : NUD_REACHABLE;
        byte[] header =
                ByteBuffer.allocate(NDMSG)
                        .order(ByteOrder.nativeOrder())
                        .put(0, (byte) IpFamily.of(neighbor.address()).addressFamily())
                        .putInt(4, neighbor.linkIndex())
                        .putShort(8, (short) state)
                        .array();
        request.body().structure(header).address(NDA_DST, neighbor.address());
        return request;
    }

    /** Null for an entry without a hardware address: unresolved, failed, or not Ethernet. */
    static @Nullable Neighbor decode(NetlinkMessage message) throws LinuxException {
        ByteBuffer header = message.structure(NDMSG);
        AttributeReader attributes = message.attributes(NDMSG);
        int state = header.getShort(8);
        byte[] mac = attributes.bytes(NDA_LLADDR);
        InetAddress address = attributes.address(NDA_DST);
        boolean failed = (state & NUD_FAILED) != 0;
        if (failed || mac == null || mac.length != MAC_BYTES || address == null) {
            return null;
        }
        boolean permanent = (state & NUD_PERMANENT) != 0;
        return new Neighbor(header.getInt(4), address, MacAddress.of(mac), permanent);
    }
}
