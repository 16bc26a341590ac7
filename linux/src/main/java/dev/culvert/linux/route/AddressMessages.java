package dev.culvert.linux.route;

import dev.culvert.linux.LinuxException;
import dev.culvert.linux.netlink.AttributeReader;
import dev.culvert.linux.netlink.NetlinkMessage;
import dev.culvert.linux.netlink.NetlinkRequest;
import dev.culvert.net.IpFamily;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/** Addresses as {@code struct ifaddrmsg} with {@code IFA_} attributes ({@code linux/if_addr.h}). */
final class AddressMessages {
    private static final int IFADDRMSG = 8;
    private static final int IFA_ADDRESS = 1;
    private static final int IFA_LOCAL = 2;
    private static final int IFA_FLAGS = 8;
    private static final int IFA_F_NODAD = 0x02;

    private AddressMessages() {}

    static NetlinkRequest dump() {
        NetlinkRequest request = NetlinkRequest.dump(Rtm.GETADDR, "addresses");
        request.body().structure(new byte[IFADDRMSG]);
        return request;
    }

    static NetlinkRequest ensure(Address address) {
        return request(Rtm.NEWADDR, NetlinkRequest.CREATE | NetlinkRequest.REPLACE, "add", address);
    }

    static NetlinkRequest delete(Address address) {
        return request(Rtm.DELADDR, 0, "delete", address);
    }

    private static NetlinkRequest request(int type, int flags, String verb, Address address) {
        NetlinkRequest request = NetlinkRequest.of(type, flags, verb + " address " + address);
        IpFamily family = IpFamily.of(address.local());
        boolean noDad = address.noDad() && family == IpFamily.IPV6;
        byte[] header =
                ByteBuffer.allocate(IFADDRMSG)
                        .order(ByteOrder.nativeOrder())
                        .put(0, (byte) family.addressFamily())
                        .put(1, (byte) address.prefixLength())
                        .putInt(4, address.linkIndex())
                        .array();
        request.body()
                .structure(header)
                .address(IFA_LOCAL, address.local())
                .address(IFA_ADDRESS, address.local())
                .u32(IFA_FLAGS, noDad ? IFA_F_NODAD : 0);
        return request;
    }

    /** Null when it is no address that we can represent. */
    static @Nullable Address decode(NetlinkMessage message) throws LinuxException {
        ByteBuffer header = message.structure(IFADDRMSG);
        AttributeReader attributes = message.attributes(IFADDRMSG);
        InetAddress own = attributes.address(IFA_LOCAL);
        InetAddress local = own != null ? own : attributes.address(IFA_ADDRESS);
        if (local == null || IpFamily.of(local).addressFamily() != header.get(0)) {
            return null;
        }
        int flags = attributes.u32(IFA_FLAGS, header.get(2) & 0xff);
        // IPv4 knows no duplicate address detection: such an address is always usable at once.
        boolean noDad = IpFamily.of(local) == IpFamily.IPV4 || (flags & IFA_F_NODAD) != 0;
        return new Address(header.getInt(4), local, header.get(1) & 0xff, noDad);
    }
}
