package dev.culvert.linux.route;

import dev.culvert.linux.LinuxException;
import dev.culvert.linux.netlink.AttributeReader;
import dev.culvert.linux.netlink.NetlinkMessage;
import dev.culvert.linux.netlink.NetlinkRequest;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * Queueing disciplines as {@code struct tcmsg} with {@code TCA_} attributes ({@code
 * linux/rtnetlink.h}, {@code linux/pkt_sched.h}); of all kinds only the token bucket at the root.
 */
final class QdiscMessages {
    private static final int TCMSG = 20;
    private static final int TC_H_ROOT = 0xffff_ffff;
    private static final int TCA_KIND = 1;
    private static final int TCA_OPTIONS = 2;
    private static final int TCA_TBF_PARMS = 1;
    private static final int TCA_TBF_RATE64 = 4;
    private static final int TCA_TBF_BURST = 6;
    private static final String KIND = "tbf";

    /** {@code struct tc_tbf_qopt}: two {@code tc_ratespec} and three numbers. */
    private static final int TBF_QOPT = 36;

    /** In {@code tc_ratespec}; without it the kernel wants a table of packet times. */
    private static final int LINKLAYER_OFFSET = 1;

    private static final byte TC_LINKLAYER_ETHERNET = 1;
    private static final int RATE_OFFSET = 8;
    private static final int LIMIT_OFFSET = 24;
    private static final long LARGEST_RATE = 0xffff_ffffL;

    private QdiscMessages() {}

    /** What leaves by a link at most. */
    record Rate(int linkIndex, long bytesPerSecond) {}

    static NetlinkRequest limit(int index, RateLimit limit) {
        int flags = NetlinkRequest.CREATE | NetlinkRequest.REPLACE;
        NetlinkRequest request =
                NetlinkRequest.of(
                        Rtm.NEWQDISC,
                        flags,
                        "limit link %d to %d bytes/s by the qdisc %s"
                                .formatted(index, limit.bytesPerSecond(), KIND));
        request.body()
                .structure(header(index))
                .text(TCA_KIND, KIND)
                .nested(
                        TCA_OPTIONS,
                        options ->
                                options.bytes(TCA_TBF_PARMS, parameters(limit))
                                        .u32(TCA_TBF_BURST, limit.burstBytes())
                                        .bytes(TCA_TBF_RATE64, number(limit.bytesPerSecond())));
        return request;
    }

    private static byte[] header(int index) {
        return ByteBuffer.allocate(TCMSG)
                .order(ByteOrder.nativeOrder())
                .putInt(4, index)
                .putInt(12, TC_H_ROOT)
                .array();
    }

    private static byte[] parameters(RateLimit limit) {
        return ByteBuffer.allocate(TBF_QOPT)
                .order(ByteOrder.nativeOrder())
                .put(LINKLAYER_OFFSET, TC_LINKLAYER_ETHERNET)
                .putInt(RATE_OFFSET, (int) Math.min(limit.bytesPerSecond(), LARGEST_RATE))
                .putInt(LIMIT_OFFSET, limit.queueBytes())
                .array();
    }

    private static byte[] number(long value) {
        return ByteBuffer.allocate(Long.BYTES)
                .order(ByteOrder.nativeOrder())
                .putLong(value)
                .array();
    }

    static NetlinkRequest dump() {
        NetlinkRequest request = NetlinkRequest.dump(Rtm.GETQDISC, "queueing disciplines");
        request.body().structure(new byte[TCMSG]);
        return request;
    }

    /** Null when it is no token bucket at the root of a link. */
    static @Nullable Rate decode(NetlinkMessage message) throws LinuxException {
        ByteBuffer header = message.structure(TCMSG);
        AttributeReader attributes = message.attributes(TCMSG);
        if (header.getInt(12) != TC_H_ROOT || !attributes.text(TCA_KIND).equals(KIND)) {
            return null;
        }
        AttributeReader options = attributes.nested(TCA_OPTIONS);
        byte[] large = options.bytes(TCA_TBF_RATE64);
        byte[] parameters = options.bytes(TCA_TBF_PARMS);
        if (large != null && large.length == Long.BYTES) {
            return new Rate(header.getInt(4), read(large).getLong(0));
        }
        return parameters == null || parameters.length < TBF_QOPT
                ? null
                : new Rate(
                        header.getInt(4),
                        Integer.toUnsignedLong(read(parameters).getInt(RATE_OFFSET)));
    }

    private static ByteBuffer read(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
    }
}
