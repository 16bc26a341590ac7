package dev.culvert.overlay;

import dev.culvert.overlay.encap.VxlanEncapsulation;
import dev.culvert.overlay.offload.Segmenter;

/**
 * How large a super-packet of a pod should be ({@code IFLA_GSO_MAX_SIZE} and {@code
 * IFLA_GSO_IPV4_MAX_SIZE} of {@code linux/if_link.h}), so that all its segments, each with headers
 * of its own, leave in one send. Without a limit, TCP makes super-packets of just under 64 KiB,
 * which need two sends, the second for little. Stateless, any thread.
 */
public final class SuperPacketLimit {
    /** What the kernel gives an interface. */
    public static final int KERNEL_DEFAULT = 65_536;

    /** Headers of TCP over IPv6 with timestamps: the longest that are common. */
    private static final int LONGEST_HEADERS = 40 + 20 + 12;

    /** What TCP keeps free below the limit, at least ({@code MAX_TCP_HEADER}). */
    private static final int KEPT_FREE = 192;

    private SuperPacketLimit() {}

    /**
     * The most that the kernel may be allowed before it fills one segment more than a send takes.
     *
     * @param podMtu bytes of the largest packet of a pod
     */
    public static int of(int podMtu) {
        int bySize = Segmenter.MAX_SEND_BYTES / (podMtu + VxlanEncapsulation.HEADROOM);
        int segments = Math.clamp(bySize, 1, Segmenter.MAX_SEGMENTS);
        return Math.min((segments + 1) * (podMtu - LONGEST_HEADERS) + KEPT_FREE, KERNEL_DEFAULT);
    }
}
