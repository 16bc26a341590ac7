package dev.culvert.overlay.model;

import java.util.Arrays;

/**
 * An IP packet taken apart as RFC 791, RFC 8200, RFC 9293 and RFC 768 say. Immutable as long as
 * nobody writes to its array.
 */
public final class ModelPacket {
    static final int TCP = 6;
    static final int UDP = 17;

    private static final int MORE_FRAGMENTS_OR_OFFSET = 0x3fff;
    private static final int DONT_FRAGMENT = 0x4000;
    private static final int NOTHING = -1;

    private final byte[] bytes;
    private final boolean ipv4;
    private int headerLength;
    private int protocol;
    private boolean fragment;

    private ModelPacket(byte[] bytes, boolean ipv4) {
        this.bytes = bytes;
        this.ipv4 = ipv4;
    }

    /** Whether a whole packet begins here, so that the others may be asked. */
    public static boolean isWhole(byte[] bytes) {
        if (bytes.length < 20) {
            return false;
        }
        int length = Octets.u16(bytes, 2);
        return switch (Octets.u8(bytes, 0) >> 4) {
            case 4 ->
                    (bytes[0] & 15) >= 5 && length >= (bytes[0] & 15) * 4 && length <= bytes.length;
            case 6 -> bytes.length >= 40 && 40 + Octets.u16(bytes, 4) <= bytes.length;
            default -> false;
        };
    }

    /** Takes apart a whole packet; what is behind its end is cut off. */
    public static ModelPacket of(byte[] bytes) {
        boolean ipv4 = Octets.u8(bytes, 0) >> 4 == 4;
        int length = ipv4 ? Octets.u16(bytes, 2) : 40 + Octets.u16(bytes, 4);
        ModelPacket packet = new ModelPacket(Arrays.copyOf(bytes, length), ipv4);
        if (ipv4) {
            packet.headerLength = (bytes[0] & 15) * 4;
            packet.protocol = Octets.u8(bytes, 9);
            packet.fragment = (Octets.u16(bytes, 6) & MORE_FRAGMENTS_OR_OFFSET) != 0;
        } else {
            packet.walkExtensions();
        }
        return packet;
    }

    private void walkExtensions() {
        int next = Octets.u8(bytes, 6);
        int at = 40;
        while (next == 0 || next == 43 || next == 44 || next == 60) {
            boolean isFragment = next == 44;
            fragment |= isFragment;
            if (at + 8 > bytes.length) {
                next = NOTHING;
                break;
            }
            next = Octets.u8(bytes, at);
            at += isFragment ? 8 : 8 * (Octets.u8(bytes, at + 1) + 1);
        }
        headerLength = Math.min(at, bytes.length);
        protocol = at > bytes.length ? NOTHING : next;
    }

    byte[] bytes() {
        return bytes;
    }

    boolean isIpv4() {
        return ipv4;
    }

    boolean isFragment() {
        return fragment;
    }

    int headerLength() {
        return headerLength;
    }

    int protocol() {
        return protocol;
    }

    boolean isTcp() {
        return protocol == TCP && !fragment && tcpHeaderLength() > 0;
    }

    boolean isUdp() {
        return protocol == UDP && !fragment && bytes.length >= headerLength + 8;
    }

    /** 0 if there is none. */
    int tcpHeaderLength() {
        if (bytes.length < headerLength + 20) {
            return 0;
        }
        int length = (Octets.u8(bytes, headerLength + 12) >> 4) * 4;
        return length < 20 || headerLength + length > bytes.length ? 0 : length;
    }

    /** Bytes of network and transport header. */
    int headersLength() {
        return headerLength + (protocol == TCP ? tcpHeaderLength() : 8);
    }

    int payloadLength() {
        return bytes.length - headersLength();
    }

    int transport16(int offset) {
        return Octets.u16(bytes, headerLength + offset);
    }

    int transport32(int offset) {
        return Octets.i32(bytes, headerLength + offset);
    }

    int tcpFlags() {
        return Octets.u8(bytes, headerLength + 13);
    }

    int identification() {
        return Octets.u16(bytes, 4);
    }

    boolean mayNotBeFragmented() {
        return (Octets.u16(bytes, 6) & DONT_FRAGMENT) != 0;
    }

    boolean networkChecksumHolds() {
        return !ipv4 || Octets.sum(bytes, 0, headerLength, 0) == 0xffff;
    }

    /** The sum of the pseudo-header for a transport part of this length. */
    int pseudoHeaderSum(int length) {
        int addresses = ipv4 ? Octets.sum(bytes, 12, 8, 0) : Octets.sum(bytes, 8, 32, 0);
        return Octets.add(Octets.add(addresses, protocol), length);
    }

    boolean transportChecksumHolds() {
        int length = bytes.length - headerLength;
        return Octets.sum(bytes, headerLength, length, pseudoHeaderSum(length)) == 0xffff;
    }

    /** Equal for packets whose order matters: addresses, protocol and, if there are any, ports. */
    public String flow() {
        int from = ipv4 ? 12 : 8;
        String addresses = Arrays.toString(Arrays.copyOfRange(bytes, from, ipv4 ? 20 : 40));
        boolean ports = isTcp() || isUdp();
        return addresses + protocol + (ports ? " " + transport32(0) : "");
    }

    /**
     * The bytes, but for what cutting may change: the identification of a packet that no router
     * fragments, which means nothing (RFC 6864, section 4.1). That of others, and of packets whose
     * header is corrupt, must stay.
     */
    public byte[] comparable() {
        if (!ipv4 || fragment || !mayNotBeFragmented() || !networkChecksumHolds()) {
            return bytes;
        }
        byte[] result = bytes.clone();
        Octets.put16(result, 4, 0);
        Octets.put16(result, 10, 0);
        return result;
    }
}
