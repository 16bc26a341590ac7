package dev.culvert.overlay.encap;

/** Which priority (DSCP, RFC 2474) the network between the nodes sees. */
public enum OuterDscp {
    /** None, whatever is inside; as the kernel's vxlan device does by default. */
    NONE,
    /** That of the inner packet. */
    INHERIT
}
