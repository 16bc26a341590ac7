package dev.culvert.iptables;

import java.util.Locale;

/** The transport protocols that have ports. Any thread. */
public enum Protocol {
    /** TCP. */
    TCP,
    /** UDP. */
    UDP,
    /** SCTP. */
    SCTP;

    /** The name that the programs use. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * The protocol of that name, in letters of any case.
     *
     * @throws IllegalArgumentException naming {@code text}
     */
    public static Protocol parse(String text) {
        for (Protocol protocol : values()) {
            if (protocol.name().equalsIgnoreCase(text)) {
                return protocol;
            }
        }
        throw new IllegalArgumentException("'" + text + "' is not TCP, UDP or SCTP");
    }
}
