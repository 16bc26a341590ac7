package dev.culvert.agent.ipam;

import dev.culvert.net.Cidr;
import dev.culvert.net.IpFamily;
import java.io.IOException;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Every lease of this node, and the pools that they come from. Any thread.
 *
 * <p>Life of a lease: {@link #lease} writes it to the journal before anyone uses the address;
 * {@link #confirm} takes it out of the journal once the host veth carries it as alias; {@link
 * #release} ends it. A lease whose ADD neither confirmed nor released it stays taken until {@link
 * #abandon} says that the ADD is over. {@link #restore} rebuilds the table from the aliases.
 */
public final class LeaseTable {
    private final LeaseStore journal;
    private final Map<Endpoint, AddressLease> leases = new LinkedHashMap<>();
    private final Set<Endpoint> inProgress = new HashSet<>();
    private final Map<IpFamily, InetAddress> latest = new EnumMap<>(IpFamily.class);
    private List<AddressPool> pools = List.of();

    /**
     * @param journal where leases are until their veth exists
     */
    public LeaseTable(LeaseStore journal) {
        this.journal = journal;
    }

    /** The leases whose ADD did not come to its end, as the journal tells after a restart. */
    public synchronized List<AddressLease> unfinished() throws IOException {
        return journal.load();
    }

    /**
     * Sets the leases to those of the veths that exist. Entries of the journal without a veth end
     * here, for the ADD that wrote them is gone; one with a veth stays until the lease ends.
     *
     * @return the journal's leases that had no veth and are free again
     */
    public synchronized List<AddressLease> restore(Collection<AddressLease> living)
            throws IOException {
        leases.clear();
        inProgress.clear();
        living.forEach(lease -> leases.put(lease.endpoint(), lease));
        List<AddressLease> freed = new ArrayList<>();
        for (AddressLease entry : journal.load()) {
            if (!leases.containsKey(entry.endpoint())) {
                journal.remove(entry.endpoint());
                freed.add(entry);
            }
        }
        latest.clear();
        journal.latest().forEach(address -> latest.put(IpFamily.of(address), address));
        List<Cidr> ranges = ranges();
        pools = List.of();
        ranges(ranges);
        return freed;
    }

    /** Sets the ranges that new leases come from; existing leases stay what they are. */
    public synchronized void ranges(List<Cidr> ranges) {
        if (!ranges().equals(ranges)) {
            pools = ranges.stream().map(this::pool).toList();
        }
    }

    private AddressPool pool(Cidr range) {
        return pools.stream()
                .filter(pool -> pool.range().equals(range))
                .findFirst()
                .orElseGet(() -> new AddressPool(range, held(), latest.values()));
    }

    private List<Cidr> ranges() {
        return pools.stream().map(AddressPool::range).toList();
    }

    /** As {@link #lease(Endpoint, String, List)}, with the next address of each range. */
    public AddressLease lease(Endpoint endpoint, String pod)
            throws PoolExhaustedException, IOException {
        try {
            return lease(endpoint, pod, List.of());
        } catch (AddressRefusedException e) {
            throw new AssertionError("nothing was wanted", e);
        }
    }

    /**
     * Takes one address of each range: the wanted one where there is one of its family, else the
     * next in turn. When this fails nothing is taken.
     *
     * @param wanted at most one address of each family
     * @throws IllegalStateException if the endpoint has a lease
     * @throws AddressRefusedException if a wanted address is not one that a pod of this node can
     *     have, or is taken
     * @throws PoolExhaustedException if a range has no free address
     * @throws IOException if the journal cannot be written
     */
    public synchronized AddressLease lease(Endpoint endpoint, String pod, List<InetAddress> wanted)
            throws AddressRefusedException, PoolExhaustedException, IOException {
        if (leases.containsKey(endpoint)) {
            throw new IllegalStateException(endpoint + " has a lease");
        }
        checkWanted(wanted);
        List<InetAddress> taken = new ArrayList<>();
        List<InetAddress> inTurn = new ArrayList<>();
        try {
            for (AddressPool pool : pools) {
                InetAddress wish = wish(pool, wanted);
                InetAddress address = wish == null ? pool.take() : take(pool, wish);
                taken.add(address);
                if (wish == null) {
                    inTurn.add(address);
                }
            }
            return reserve(new AddressLease(endpoint, taken, pod), inTurn);
        } catch (AddressRefusedException | PoolExhaustedException | IOException e) {
            taken.forEach(this::giveBack);
            throw e;
        }
    }

    private AddressLease reserve(AddressLease lease, List<InetAddress> inTurn) throws IOException {
        journal.put(lease);
        inTurn.forEach(address -> latest.put(IpFamily.of(address), address));
        try {
            if (!inTurn.isEmpty()) {
                journal.remember(List.copyOf(latest.values()));
            }
        } catch (IOException e) {
            journal.remove(lease.endpoint());
            throw e;
        }
        leases.put(lease.endpoint(), lease);
        inProgress.add(lease.endpoint());
        return lease;
    }

    private void checkWanted(List<InetAddress> wanted) throws AddressRefusedException {
        Set<IpFamily> families = EnumSet.noneOf(IpFamily.class);
        for (InetAddress address : wanted) {
            if (pools.stream().noneMatch(pool -> pool.isForPods(address))) {
                throw AddressRefusedException.unusable(
                        ("address %s is not for pods of this node: it must lie in %s, and be"
                                        + " neither the network's, the gateway's (the first) nor the"
                                        + " broadcast address")
                                .formatted(address.getHostAddress(), ranges()));
            }
            if (!families.add(IpFamily.of(address))) {
                throw AddressRefusedException.unusable(
                        "two addresses of one family are asked for, %s among them; ask for one"
                                .formatted(address.getHostAddress()));
            }
        }
    }

    private static @Nullable InetAddress wish(AddressPool pool, List<InetAddress> wanted) {
        return wanted.stream().filter(pool::isForPods).findFirst().orElse(null);
    }

    private InetAddress take(AddressPool pool, InetAddress wish) throws AddressRefusedException {
        if (!pool.take(wish)) {
            throw AddressRefusedException.taken(
                    "address %s is taken by %s".formatted(wish.getHostAddress(), holder(wish)));
        }
        return wish;
    }

    private String holder(InetAddress address) {
        return leases.values().stream()
                .filter(lease -> lease.addresses().contains(address))
                .findFirst()
                .map(lease -> describe(lease))
                .orElse("an ADD that has not come to its end");
    }

    private static String describe(AddressLease lease) {
        String pod = lease.pod().isEmpty() ? "" : " of pod " + lease.pod();
        return "container %s%s".formatted(lease.endpoint().containerId(), pod);
    }

    /** Takes the lease out of the journal: from now on the veth's alias stands for it. */
    public synchronized void confirm(Endpoint endpoint) throws IOException {
        journal.remove(endpoint);
        inProgress.remove(endpoint);
    }

    /** Ends the lease of this endpoint; none is fine. */
    public synchronized void release(Endpoint endpoint) throws IOException {
        journal.remove(endpoint);
        inProgress.remove(endpoint);
        AddressLease lease = leases.remove(endpoint);
        if (lease != null) {
            lease.addresses().forEach(this::giveBack);
        }
    }

    /**
     * Ends this very lease, if it still is one and no ADD is about it.
     *
     * @return whether it did
     */
    public synchronized boolean releaseIdle(AddressLease lease) throws IOException {
        Endpoint endpoint = lease.endpoint();
        if (inProgress.contains(endpoint) || !lease.equals(leases.get(endpoint))) {
            return false;
        }
        release(endpoint);
        return true;
    }

    /** The ADD is over and could not undo its lease: {@link #idle} tells of it from now on. */
    public synchronized void abandon(Endpoint endpoint) {
        inProgress.remove(endpoint);
    }

    /** Takes in the lease of a veth that exists; an endpoint that has one keeps it. */
    public synchronized void adopt(AddressLease lease) {
        if (leases.putIfAbsent(lease.endpoint(), lease) == null) {
            for (AddressPool pool : pools) {
                lease.addresses().stream().filter(pool::isForPods).forEach(pool::take);
            }
        }
    }

    /** Unless another lease has it too, as after the adoption of what should not be. */
    private void giveBack(InetAddress address) {
        if (!held().contains(address)) {
            pools.forEach(pool -> pool.release(address));
        }
    }

    /** The lease of this endpoint, if it has one. */
    public synchronized Optional<AddressLease> of(Endpoint endpoint) {
        return Optional.ofNullable(leases.get(endpoint));
    }

    /** Every lease, the oldest first. */
    public synchronized List<AddressLease> leases() {
        return List.copyOf(leases.values());
    }

    /** Who has a lease. */
    public synchronized Set<Endpoint> endpoints() {
        return Set.copyOf(leases.keySet());
    }

    /** The leases that no ADD is about. */
    public synchronized List<AddressLease> idle() {
        return leases.values().stream()
                .filter(lease -> !inProgress.contains(lease.endpoint()))
                .toList();
    }

    /** Every address that is held, whatever range it is of. */
    public synchronized Set<InetAddress> held() {
        Set<InetAddress> held = new HashSet<>();
        leases.values().forEach(lease -> held.addAll(lease.addresses()));
        return held;
    }

    /** How many addresses are held. */
    public synchronized int inUse() {
        return leases.values().stream().mapToInt(lease -> lease.addresses().size()).sum();
    }

    /** How many addresses of the ranges are free. */
    public synchronized long free() {
        return pools.stream().mapToLong(pool -> pool.capacity() - pool.inUse()).sum();
    }

    /**
     * Checks that each range has a free address.
     *
     * @throws PoolExhaustedException for the first that has none
     */
    public synchronized void checkFree() throws PoolExhaustedException {
        for (AddressPool pool : pools) {
            if (pool.isExhausted()) {
                throw new PoolExhaustedException(pool.range(), pool.inUse());
            }
        }
    }
}
