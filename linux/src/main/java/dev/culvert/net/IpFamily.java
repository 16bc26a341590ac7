package dev.culvert.net;

import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;

/**
 * An IP address family with the numbers that the kernel's headers give it. Immutable, any thread.
 *
 * @see <a
 *     href="https://man7.org/linux/man-pages/man7/address_families.7.html">address_families(7)</a>
 */
public enum IpFamily {
    /** {@code AF_INET}. */
    IPV4(2, 4),
    /** {@code AF_INET6}. */
    IPV6(10, 16);

    private final int addressFamily;
    private final int addressBytes;

    IpFamily(int addressFamily, int addressBytes) {
        this.addressFamily = addressFamily;
        this.addressBytes = addressBytes;
    }

    /** The family of {@code address}. */
    public static IpFamily of(InetAddress address) {
        return switch (address) {
            case Inet4Address _ -> IPV4;
            case Inet6Address _ -> IPV6;
            default -> throw new IllegalArgumentException("neither IPv4 nor IPv6: " + address);
        };
    }

    /** {@code AF_INET} or {@code AF_INET6} as a number. */
    public int addressFamily() {
        return addressFamily;
    }

    /** Bytes of an address: 4 or 16. */
    public int addressBytes() {
        return addressBytes;
    }

    /** Bits of an address: 32 or 128. */
    public int addressBits() {
        return addressBytes * 8;
    }
}
