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
     */
    AddressPool(Cidr range, Collection<InetAddress> held) {
        this.range = range;
        long size = range.size().min(MOST).longValueExact();
        this.end = range.family() == IpFamily.IPV4 ? size - 1 : size;
        held.forEach(this::hold);
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

    /**
     * Takes the next free address.
     *
     * @throws PoolExhaustedException if there is none
     */
    InetAddress take() throws PoolExhaustedException {
        if (inUse.size() >= capacity()) {
            throw new PoolExhaustedException(range, inUse.size());
        }
        InetAddress address;
        do {
            address = range.address(next);
            next = next + 1 < end ? next + 1 : FIRST;
        } while (!inUse.add(address));
        return address;
    }

    /** Marks an address as taken, and goes on after it. */
    void hold(InetAddress address) {
        if (isGivenToPods(address) && inUse.add(address)) {
            long position = position(address);
            next = position + 1 < end ? Math.max(next, position + 1) : next;
        }
    }

    /** Gives an address back; one that is not taken is fine. */
    void release(InetAddress address) {
        inUse.remove(address);
    }

    private boolean isGivenToPods(InetAddress address) {
        if (!range.contains(address)) {
            return false;
        }
        long position = position(address);
        return position >= FIRST && position < end;
    }

    private long position(InetAddress address) {
        return new BigInteger(1, address.getAddress())
                .subtract(new BigInteger(1, range.network().getAddress()))
                .min(MOST)
                .longValueExact();
    }
}
