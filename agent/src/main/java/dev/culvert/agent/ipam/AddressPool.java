package dev.culvert.agent.ipam;

import dev.culvert.net.Cidr;
import dev.culvert.net.IpFamily;
import java.math.BigInteger;
import java.net.InetAddress;
import java.util.Collection;
import java.util.HashSet;
import java.util.Set;

/**
 * The addresses of one pod range. Hands them out in turn, so that a freed one rests as long as
 * possible. The network address (the TUN's), the first one (the gateway) and the broadcast address
 * of an IPv4 range are never given to a pod.
 *
 * <p>Not thread-safe: {@link LeaseTable} guards it.
 */
final class AddressPool {
    private static final long FIRST = 2;

    /** Beyond any number of pods; keeps the positions of an IPv6 range in a long. */
    private static final BigInteger MOST = BigInteger.ONE.shiftLeft(48);

    private final Cidr range;
    private final long end;
    private final Set<InetAddress> inUse = new HashSet<>();
    private long next = FIRST;

    /**
     * @param range the addresses
     * @param held addresses that are taken already; those outside the range do not matter
     * @param latest what was given in turn last, to go on after; those outside the range do not
     *     matter, and without one it goes on after the last address that is taken
     */
    AddressPool(Cidr range, Collection<InetAddress> held, Collection<InetAddress> latest) {
        this.range = range;
        long size = range.size().min(MOST).longValueExact();
        this.end = range.family() == IpFamily.IPV4 ? size - 1 : size;
        held.stream().filter(this::isForPods).forEach(inUse::add);
        inUse.stream().mapToLong(this::after).max().ifPresent(position -> next = position);
        latest.stream().filter(this::isForPods).forEach(address -> next = after(address));
    }

    Cidr range() {
        return range;
    }

    /** How many addresses pods can have. */
    long capacity() {
        return Math.max(0, end - FIRST);
    }

    int inUse() {
        return inUse.size();
    }

    /** Whether {@link #take()} would find none. */
    boolean isExhausted() {
        return inUse.size() >= capacity();
    }

    /**
     * Takes the next free address.
     *
     * @throws PoolExhaustedException if there is none
     */
    InetAddress take() throws PoolExhaustedException {
        if (isExhausted()) {
            throw new PoolExhaustedException(range, inUse.size());
        }
        InetAddress address;
        do {
            address = range.address(next);
            next = next + 1 < end ? next + 1 : FIRST;
        } while (!inUse.add(address));
        return address;
    }

    /**
     * Takes this address, which must be {@linkplain #isForPods for pods}; the turn does not change.
     *
     * @return whether it was free
     */
    boolean take(InetAddress address) {
        return inUse.add(address);
    }

    /** Gives an address back; one that is not taken is fine. */
    void release(InetAddress address) {
        inUse.remove(address);
    }

    /** Whether a pod may have it, by name too. */
    boolean isForPods(InetAddress address) {
        if (!range.contains(address)) {
            return false;
        }
        BigInteger position = position(address);
        boolean broadcast =
                range.family() == IpFamily.IPV4
                        && position.equals(range.size().subtract(BigInteger.ONE));
        return position.compareTo(BigInteger.valueOf(FIRST)) >= 0 && !broadcast;
    }

    /** Where the turn is after this address: one far up in an IPv6 range is not in turn. */
    private long after(InetAddress address) {
        BigInteger position = position(address).add(BigInteger.ONE);
        return position.compareTo(BigInteger.valueOf(end)) < 0 ? position.longValueExact() : FIRST;
    }

    private BigInteger position(InetAddress address) {
        return new BigInteger(1, address.getAddress())
                .subtract(new BigInteger(1, range.network().getAddress()));
    }
}
