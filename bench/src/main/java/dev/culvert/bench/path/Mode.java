package dev.culvert.bench.path;

import dev.culvert.overlay.SuperPacketLimit;
import java.util.List;

/** What carries packets from one node to the other. */
enum Mode implements Named {
    /** Culvert, one process on each node. */
    CULVERT("culvert"),
    /** Culvert with one packet a system call. */
    CULVERT_PLAIN("culvert-plain"),
    /** The vxlan device of the kernel: what everything is compared with. */
    KERNEL("kernel"),
    /** Plain routes over the underlay, without a tunnel. */
    ROUTING("routing"),
    /** OpenVPN with neither cipher nor authentication: a packet a system call, in C. */
    OPENVPN("openvpn"),
    /** WireGuard in user space, which always encrypts. */
    WIREGUARD_GO("wireguard-go");

    /** An outer IPv4 and UDP header, WireGuard's own, and its tag. */
    private static final int WIREGUARD_OVERHEAD_BYTES = 20 + 8 + 16 + 16;

    private final String label;

    Mode(String label) {
        this.label = label;
    }

    @Override
    public String label() {
        return label;
    }

    /** Programs that it cannot do without, and that are no part of a usual system. */
    List<String> commands() {
        return switch (this) {
            case OPENVPN -> List.of("openvpn");
            case WIREGUARD_GO -> List.of("wireguard-go", "wg", "unshare", "mount");
            default -> List.of();
        };
    }

    /** Debian's packages with these programs. */
    String packages() {
        return this == WIREGUARD_GO ? "wireguard-go and wireguard-tools" : label;
    }

    /** The largest packet of a pod, so that the outer packet fits the underlay. */
    int mtu() {
        return this == WIREGUARD_GO ? Node.UNDERLAY_MTU - WIREGUARD_OVERHEAD_BYTES : Node.POD_MTU;
    }

    /** Bytes of the largest super-packet of a pod: what Culvert's agent sets, else the default. */
    int gsoMaxSize() {
        return this == CULVERT
                ? SuperPacketLimit.of(Node.POD_MTU)
                : SuperPacketLimit.KERNEL_DEFAULT;
    }

    /** Whether it runs Culvert. */
    boolean isCulvert() {
        return this == CULVERT || this == CULVERT_PLAIN;
    }
}
