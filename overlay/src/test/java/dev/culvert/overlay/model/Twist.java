package dev.culvert.overlay.model;

/** What is unusual about a packet that a {@link ModelFlow} makes. */
enum Twist {
    /** Nothing. */
    PLAIN,
    PSH,
    FIN,
    SYN,
    RST,
    URG,
    ECE,
    CWR,
    NO_ACK,
    /** A bit of those that RFC 9293 reserves, or ECN's third (RFC 9768). */
    RESERVED_FLAG,
    /** An urgent pointer without the flag. */
    URGENT_POINTER,
    WINDOW,
    ZERO_WINDOW,
    ACKNOWLEDGMENT,
    TIMESTAMP,
    SACK,
    ECN,
    DSCP,
    TTL,
    FLOW_LABEL,
    FRAGMENTABLE,
    SAME_IDENTIFICATION,
    OTHER_IDENTIFICATION,
    FRAGMENT,
    IP_OPTIONS,
    NO_CHECKSUM,
    WRONG_UDP_LENGTH,
    CORRUPT_CHECKSUM,
    CORRUPT_PAYLOAD,
    CORRUPT_HEADER,
    CORRUPT_ANYWHERE,
    GAP,
    REPEATED,
    SWAPPED,
    TRAILING_BYTES
}
