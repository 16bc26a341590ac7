package dev.culvert.net;

import java.math.BigInteger;
import java.net.InetAddress;
import java.util.Arrays;

/**
 * An IP network: a network address and a prefix length, with all host bits zero. Immutable, any
 * thread.
 *
 * @param network the network address (host bits zero)
 * @param prefixLength leading bits that are fixed, 0 to 32 or 128
 */
public record Cidr(InetAddress network, int prefixLength) {

    /**
     * Checks both parts.
     *
     * @throws IllegalArgumentException if the prefix length does not fit the family or host bits
     *     are set
     */
    public Cidr {
        IpFamily family = IpFamily.of(network);
        if (prefixLength < 0 || prefixLength > family.addressBits()) {
            throw new IllegalArgumentException(
                    "prefix length /%d of %s must be 0 to %d"
                            .formatted(
                                    prefixLength, network.getHostAddress(), family.addressBits()));
        }
        InetAddress masked = mask(network, prefixLength);
        if (!masked.equals(network)) {
            throw new IllegalArgumentException(
                    "%s/%d has host bits set; the network is %s/%d"
                            .formatted(
                                    network.getHostAddress(),
                                    prefixLength,
                                    masked.getHostAddress(),
                                    prefixLength));
        }
    }

    /**
     * Parses {@code address/length}, for example {@code 10.244.1.0/24}.
     *
     * @throws IllegalArgumentException naming {@code text} and what is wrong with it
     */
    public static Cidr parse(String text) {
        int slash = text.indexOf('/');
        if (slash < 0) {
            throw new IllegalArgumentException(
                    "'" + text + "' is not a CIDR: write address/length, as in 10.244.0.0/16");
        }
        String length = text.substring(slash + 1);
        if (length.isEmpty()
                || length.length() > 3
                || !length.chars().allMatch(Character::isDigit)) {
            throw new IllegalArgumentException(
                    "'" + text + "' is not a CIDR: '" + length + "' is no prefix length");
        }
        return new Cidr(IpAddresses.parse(text.substring(0, slash)), Integer.parseInt(length));
    }

    /** The network of {@code prefixLength} bits that {@code address} is in. */
    public static Cidr containing(InetAddress address, int prefixLength) {
        return new Cidr(mask(address, prefixLength), prefixLength);
    }

    /** The network that holds {@code address} only. */
    public static Cidr ofHost(InetAddress address) {
        return new Cidr(address, IpFamily.of(address).addressBits());
    }

    /** The address family. */
    public IpFamily family() {
        return IpFamily.of(network);
    }

    /** Whether {@code address} is of this family and in this network. */
    public boolean contains(InetAddress address) {
        return IpFamily.of(address) == family() && mask(address, prefixLength).equals(network);
    }

    /** Whether every address of {@code other} is in this network. */
    public boolean contains(Cidr other) {
        return other.prefixLength >= prefixLength && contains(other.network);
    }

    /** Whether the two networks share an address. */
    public boolean overlaps(Cidr other) {
        return contains(other) || other.contains(this);
    }

    /** How many addresses there are, the network and broadcast address included. */
    public BigInteger size() {
        return BigInteger.ONE.shiftLeft(family().addressBits() - prefixLength);
    }

    /**
     * The address at {@code index}, where 0 is the network address.
     *
     * @throws IndexOutOfBoundsException if the network has no such index
     */
    public InetAddress address(BigInteger index) {
        if (index.signum() < 0 || index.compareTo(size()) >= 0) {
            throw new IndexOutOfBoundsException(this + " has no address number " + index);
        }
        byte[] sum = new BigInteger(1, network.getAddress()).add(index).toByteArray();
        byte[] bytes = new byte[family().addressBytes()];
        int count = Math.min(sum.length, bytes.length);
        System.arraycopy(sum, sum.length - count, bytes, bytes.length - count, count);
        return IpAddresses.of(bytes);
    }

    /** The address at {@code index}, where 0 is the network address. */
    public InetAddress address(long index) {
        return address(BigInteger.valueOf(index));
    }

    private static InetAddress mask(InetAddress address, int prefixLength) {
        byte[] bytes = address.getAddress();
        int whole = Math.min(prefixLength / 8, bytes.length);
        if (whole < bytes.length) {
            bytes[whole] &= (byte) (0xff00 >> (prefixLength % 8));
            Arrays.fill(bytes, whole + 1, bytes.length, (byte) 0);
        }
        return IpAddresses.of(bytes);
    }

    /** The customary notation, for example {@code 10.244.1.0/24}. */
    @Override
    public String toString() {
        return network.getHostAddress() + "/" + prefixLength;
    }
}
