package dev.culvert.overlay;

import dev.culvert.net.IpAddresses;
import dev.culvert.net.IpFamily;
import dev.culvert.overlay.packet.IpPacket;
import dev.culvert.overlay.packet.Ipv4Header;
import dev.culvert.overlay.packet.Ipv6Header;
import dev.culvert.overlay.packet.NetworkOrder;
import java.net.InetAddress;

/**
 * Packets by which a node tests its own data path: multicast to a group that is set aside for
 * experiments on one link, sent out of the TUN device. The data path recognises one, sends it
 * encapsulated to this node's own endpoint, recognises it there again and counts it; it goes no
 * further. Stateless, any thread.
 *
 * <p>Both looks are where a packet would otherwise be dropped, so that no other packet pays.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc4727">RFC 4727, sections 2.4.1 and 3.4.2</a>
 */
public final class SelfTest {
    private static final InetAddress IPV4_GROUP = IpAddresses.parse("224.0.0.254");
    private static final InetAddress IPV6_GROUP = IpAddresses.parse("ff02::114");
    private static final int IPV4 = 0xe000_00fe;
    private static final long IPV6_HIGH = 0xff02_0000_0000_0000L;
    private static final long IPV6_LOW = 0x114L;

    private SelfTest() {}

    /** Where such a packet goes to. */
    public static InetAddress group(IpFamily family) {
        return family == IpFamily.IPV4 ? IPV4_GROUP : IPV6_GROUP;
    }

    /** Whether this is one. */
    static boolean is(IpPacket packet) {
        if (packet.isIpv4()) {
            long at = packet.offset() + Ipv4Header.DESTINATION_OFFSET;
            return NetworkOrder.i32(packet.memory(), at) == IPV4;
        }
        long at = packet.offset() + Ipv6Header.DESTINATION_OFFSET;
        return NetworkOrder.i64(packet.memory(), at) == IPV6_HIGH
                && NetworkOrder.i64(packet.memory(), at + 8) == IPV6_LOW;
    }
}
