package dev.culvert.overlay.encap;

import java.util.Locale;

/** Why the data path did not pass a packet on. Each has a counter; the label is a contract. */
public enum DropReason {
    /** Egress: no peer serves the inner destination. */
    NO_VTEP(Direction.EGRESS, "no peer serves the inner destination"),
    /** Egress: what the kernel handed over is no IP packet that we understand. */
    NOT_IP(Direction.EGRESS, "the kernel handed over something that is no whole IP packet"),
    /** Egress: a super-packet with headers that cannot be cut. */
    BAD_OFFLOAD(Direction.EGRESS, "a super-packet whose headers cannot be cut into segments"),
    /** Egress: the socket's send buffer is full. */
    SEND_BUFFER_FULL(Direction.EGRESS, "the UDP socket's send buffer is full"),
    /** Egress: the kernel refused to send. */
    SEND_FAILED(Direction.EGRESS, "the kernel refused to send (no route, filter, ...)"),
    /** Egress: does not fit the path, even in fragments. */
    TOO_BIG(Direction.EGRESS, "the packet does not fit the path to the peer"),
    /** Ingress: ends before its headers say that it does. */
    TRUNCATED(Direction.INGRESS, "the frame ends before its headers do"),
    /** Ingress: the I flag is missing or a reserved bit is set. */
    BAD_VXLAN_FLAGS(Direction.INGRESS, "the I flag is missing or a reserved bit is set"),
    /** Ingress: another network's id. */
    WRONG_VNI(Direction.INGRESS, "the VNI is not ours"),
    /** Ingress: the outer source is no known VTEP. */
    UNKNOWN_VTEP(Direction.INGRESS, "the outer source address is no known peer"),
    /** Ingress: the inner frame is not addressed to this VTEP. */
    WRONG_MAC(Direction.INGRESS, "the inner destination MAC is not this node's"),
    /** Ingress: neither IPv4 nor IPv6 inside. */
    NOT_IP_INSIDE(Direction.INGRESS, "the inner frame carries neither IPv4 nor IPv6"),
    /** Ingress: the inner source is outside what the sender owns. */
    SPOOFED_SOURCE(Direction.INGRESS, "the inner source is outside the sender's ranges"),
    /** Ingress: the inner destination is not on this node. */
    NOT_LOCAL(Direction.INGRESS, "the inner destination is outside this node's ranges"),
    /** Ingress: the network marked congestion on a packet whose sender knows no such marks. */
    ECN_MISMATCH(Direction.INGRESS, "congestion is marked on a packet that is not ECN-capable"),
    /** Ingress: marked for remote checksum offload, but the mark does not fit the packet. */
    BAD_REMOTE_CHECKSUM(
            Direction.INGRESS, "the remote checksum mark does not fit the packet inside"),
    /** Ingress: the socket's receive buffer was full. */
    RECEIVE_BUFFER_FULL(Direction.INGRESS, "the UDP socket's receive buffer was full"),
    /** Ingress: the kernel did not take the packet. */
    TUN_REFUSED(Direction.INGRESS, "the TUN device did not take the packet");

    private final Direction direction;
    private final String meaning;

    DropReason(Direction direction, String meaning) {
        this.direction = direction;
        this.meaning = meaning;
    }

    /** Which way the packet was going. */
    public Direction direction() {
        return direction;
    }

    /** One clause for people. */
    public String meaning() {
        return meaning;
    }

    /** The value of the metric's label. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Its place in an array of counters, which nothing outside this process ever sees. */
    @SuppressWarnings("EnumOrdinal")
    public int slot() {
        return ordinal();
    }

    /** The way of a packet, seen from this node's pods. */
    public enum Direction {
        /** From a pod to the wire. */
        EGRESS,
        /** From the wire to a pod. */
        INGRESS;

        /** The value of the metric's label. */
        public String label() {
            return name().toLowerCase(Locale.ROOT);
        }
    }
}
