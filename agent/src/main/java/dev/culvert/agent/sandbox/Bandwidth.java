package dev.culvert.agent.sandbox;

import dev.culvert.linux.route.RateLimit;
import org.jspecify.annotations.Nullable;

/**
 * How fast a pod may receive and send. Immutable.
 *
 * @param ingressRate bits a second towards the pod, 0 for no limit
 * @param ingressBurst bits that may go to it at once after a rest, 0 to leave the choice to us
 * @param egressRate bits a second from the pod, 0 for no limit
 * @param egressBurst bits that it may send at once after a rest, 0 to leave the choice to us
 */
public record Bandwidth(long ingressRate, long ingressBurst, long egressRate, long egressBurst) {
    /** Without any limit. */
    public static final Bandwidth UNLIMITED = new Bandwidth(0, 0, 0, 0);

    /**
     * Runtimes say this or more when the pod named a rate alone. Taken at its word it would let a
     * quarter of a gigabyte through before the limit begins.
     */
    private static final long MEANINGLESS_BURST = Integer.MAX_VALUE;

    private static final int ETHERNET_BYTES = 18;
    private static final long LEAST_BURST = 16 << 10;

    /** A shorter one makes a single TCP flow lose a third of its packets when it begins. */
    private static final long LEAST_QUEUE = 256 << 10;

    private static final long MOST_BYTES = 256 << 20;
    private static final long BURSTS_A_SECOND = 100;
    private static final long QUEUES_A_SECOND = 20;

    /**
     * Checks that nothing is negative.
     *
     * @throws IllegalArgumentException if something is
     */
    public Bandwidth {
        if (ingressRate < 0 || ingressBurst < 0 || egressRate < 0 || egressBurst < 0) {
            throw new IllegalArgumentException("a bandwidth cannot be negative");
        }
    }

    /** The limit towards the pod, for packets of this MTU; null when there is none. */
    @Nullable RateLimit ingress(int mtu) {
        return limit(ingressRate, ingressBurst, mtu);
    }

    /** The limit from the pod, for packets of this MTU; null when there is none. */
    @Nullable RateLimit egress(int mtu) {
        return limit(egressRate, egressBurst, mtu);
    }

    /** Bytes a second for so many bits, at least one. */
    static long bytes(long bits) {
        return Math.max(1, bits / Byte.SIZE);
    }

    /** A packet that is larger than the burst would never pass; the queue is for 50 ms. */
    private static @Nullable RateLimit limit(long rate, long burst, int mtu) {
        if (rate == 0) {
            return null;
        }
        long bytes = bytes(rate);
        long atOnce =
                burst == 0 || burst >= MEANINGLESS_BURST
                        ? Math.max(LEAST_BURST, bytes / BURSTS_A_SECOND)
                        : burst / Byte.SIZE;
        long burstBytes = Math.clamp(atOnce, (long) mtu + ETHERNET_BYTES, MOST_BYTES);
        long queueBytes = Math.max(LEAST_QUEUE, Math.min(bytes / QUEUES_A_SECOND, MOST_BYTES));
        return new RateLimit(bytes, (int) burstBytes, (int) (burstBytes + queueBytes));
    }
}
