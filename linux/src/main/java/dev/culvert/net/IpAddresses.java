package dev.culvert.net;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.regex.Pattern;

/** Conversions of {@link InetAddress} that never ask a resolver. Stateless, any thread. */
public final class IpAddresses {
    private static final Pattern LITERAL =
            Pattern.compile("(?:[0-9]{1,3}\\.){3}[0-9]{1,3}|[0-9a-fA-F.:]*:[0-9a-fA-F.:]*");

    private IpAddresses() {}

    /**
     * Parses an IPv4 or IPv6 literal.
     *
     * @throws IllegalArgumentException naming {@code text}, if it is no address literal
     */
    public static InetAddress parse(String text) {
        if (!LITERAL.matcher(text).matches()) {
            throw new IllegalArgumentException("'" + text + "' is not an IP address");
        }
        try {
            return InetAddress.ofLiteral(text);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("'" + text + "' is not an IP address", e);
        }
    }

    /**
     * The address with these 4 or 16 bytes, in network order.
     *
     * @throws IllegalArgumentException for any other length
     */
    public static InetAddress of(byte[] bytes) {
        try {
            return InetAddress.getByAddress(bytes);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException(
                    "an IP address has 4 or 16 bytes, not " + bytes.length, e);
        }
    }
}
