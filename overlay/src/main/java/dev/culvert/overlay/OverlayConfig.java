package dev.culvert.overlay;

import dev.culvert.linux.tun.TunFeatures;
import dev.culvert.net.Cidr;
import dev.culvert.net.MacAddress;
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
 */
public record OverlayConfig(
        String tunName,
        int vni,
        InetAddress localAddress,
        int port,
        MacAddress localMac,
        List<Cidr> podCidrs,
        int loops) {

    /** Copies the list and checks the numbers. */
    public OverlayConfig {
        podCidrs = List.copyOf(podCidrs);
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
     */
    public record Offload(
            TunFeatures tun, boolean udpSegmentation, boolean udpCoalescing, boolean coalescing) {
        /** Everything. */
        public static final Offload ALL = new Offload(TunFeatures.ALL, true, true, true);

        /** One packet a call in both directions. */
        public static final Offload NONE = new Offload(TunFeatures.NONE, false, false, false);
    }
}
