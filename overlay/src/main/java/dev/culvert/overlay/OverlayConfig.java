package dev.culvert.overlay;

import dev.culvert.linux.tun.TunFeatures;
import dev.culvert.net.Cidr;
import dev.culvert.net.MacAddress;
import dev.culvert.overlay.encap.OuterDscp;
import java.net.InetAddress;
import java.util.List;

/**
 * What a node's data path is made of. Immutable; another configuration needs another {@link
 * Overlay}.
 *
 * @param tunName the TUN device
 * @param vni the VXLAN network id, 24 bits
 * @param localAddress this node's underlay address: outer source of what it sends
 * @param port the UDP port that this node listens on
 * @param localMac the inner MAC address that peers send to
 * @param podCidrs this node's pod ranges: the inner destinations that it accepts
 * @param loops event loops, each with a TUN queue and sockets of its own
 * @param icmpSources addresses of this node that ICMP errors to its pods come from, at most one of
 *     each family; there are none about packets of a family without one
 * @param tuning how packets are carried
 */
public record OverlayConfig(
        String tunName,
        int vni,
        InetAddress localAddress,
        int port,
        MacAddress localMac,
        List<Cidr> podCidrs,
        int loops,
        List<InetAddress> icmpSources,
        Tuning tuning) {

    /** Copies the lists and checks the numbers. */
    public OverlayConfig {
        podCidrs = List.copyOf(podCidrs);
        icmpSources = List.copyOf(icmpSources);
        if (loops < 1) {
            throw new IllegalArgumentException("at least one event loop is needed: " + loops);
        }
    }

    /**
     * Switches for parts of the data path, each of which also switches itself off where the kernel
     * lacks it.
     *
     * @param tun what to ask of the TUN device
     * @param udpSegmentation send runs of datagrams in one call
     * @param udpCoalescing receive runs of datagrams in one message
     * @param coalescing hand consecutive packets of a flow to the kernel as one
     * @param remoteChecksum leave inner checksums to those peers that finish them, and finish those
     *     of such peers
     */
    public record Offload(
            TunFeatures tun,
            boolean udpSegmentation,
            boolean udpCoalescing,
            boolean coalescing,
            boolean remoteChecksum) {
        /** Everything. */
        public static final Offload ALL = new Offload(TunFeatures.ALL, true, true, true, true);

        /** One packet a call in both directions. */
        public static final Offload NONE =
                new Offload(TunFeatures.NONE, false, false, false, false);
    }

    /**
     * What may be another on each node.
     *
     * @param dscp the priority that the network between the nodes sees
     * @param spinMicros how long a busy event loop looks for more before it sleeps, in
     *     microseconds; 0 to sleep at once
     */
    public record Tuning(OuterDscp dscp, int spinMicros) {
        /** What is right for most. */
        public static final Tuning DEFAULT = new Tuning(OuterDscp.NONE, 50);

        private static final int MOST_SPIN_MICROS = 1000;

        /** Checks the numbers. */
        public Tuning {
            if (spinMicros < 0 || spinMicros > MOST_SPIN_MICROS) {
                throw new IllegalArgumentException(
                        "an event loop spins for 0 to %d microseconds, not %d"
                                .formatted(MOST_SPIN_MICROS, spinMicros));
            }
        }
    }
}
