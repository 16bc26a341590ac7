package dev.culvert.net;

import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * A 48-bit Ethernet address. Immutable, any thread.
 *
 * @param value the address in the low 48 bits, first byte on the wire highest
 */
public record MacAddress(long value) {
    private static final int BYTES = 6;
    private static final Pattern NOTATION = Pattern.compile("[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}");
    private static final HexFormat COLONS = HexFormat.ofDelimiter(":");

    /** Checks the range. */
    public MacAddress {
        if ((value & ~0xffff_ffff_ffffL) != 0) {
            throw new IllegalArgumentException(
                    "a MAC address has 48 bits: 0x" + Long.toHexString(value));
        }
    }

    /**
     * Parses six hexadecimal bytes with colons.
     *
     * @throws IllegalArgumentException naming {@code text}
     */
    public static MacAddress parse(String text) {
        if (!NOTATION.matcher(text).matches()) {
            throw new IllegalArgumentException(
                    "'" + text + "' is not a MAC address such as 0a:58:0a:f4:01:02");
        }
        return of(COLONS.parseHex(text.toLowerCase(Locale.ROOT)));
    }

    /** The address with these six bytes, in the order of the wire. */
    public static MacAddress of(byte[] bytes) {
        if (bytes.length != BYTES) {
            throw new IllegalArgumentException("a MAC address has 6 bytes, not " + bytes.length);
        }
        long value = 0;
        for (byte each : bytes) {
            value = (value << 8) | (each & 0xff);
        }
        return new MacAddress(value);
    }

    /**
     * The address that container networks give to an interface by custom: {@code 0a:58} and the
     * last four bytes of its IP address, so that neighbour entries never go stale.
     */
    public static MacAddress ofPod(InetAddress address) {
        byte[] ip = address.getAddress();
        int from = ip.length - 4;
        return of(new byte[] {0x0a, 0x58, ip[from], ip[from + 1], ip[from + 2], ip[from + 3]});
    }

    /**
     * A locally administered unicast address that only depends on {@code name}: the same after each
     * restart, so that peers never have to learn it again.
     */
    public static MacAddress ofName(String name) {
        try {
            byte[] digest =
                    MessageDigest.getInstance("SHA-256")
                            .digest(name.getBytes(StandardCharsets.UTF_8));
            byte[] bytes = Arrays.copyOf(digest, BYTES);
            bytes[0] = (byte) ((bytes[0] & 0xfc) | 0x02);
            return of(bytes);
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java platform has SHA-256", e);
        }
    }

    /** The six bytes in the order of the wire. */
    public byte[] bytes() {
        byte[] bytes = new byte[BYTES];
        for (int i = 0; i < BYTES; i++) {
            bytes[i] = (byte) (value >>> (8 * (BYTES - 1 - i)));
        }
        return bytes;
    }

    /** The customary notation, lower case with colons. */
    @Override
    public String toString() {
        return COLONS.formatHex(bytes());
    }
}
