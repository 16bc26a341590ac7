package dev.culvert.agent.ipam;

import dev.culvert.net.Cidr;
import java.io.IOException;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Every lease of this node, and the pools that they come from. Any thread.
 *
 * <p>Life of a lease: {@link #lease} writes it to the journal before anyone uses the address;
 * {@link #confirm} takes it out of the journal once the host veth carries it as alias; {@link
 * #release} ends it. {@link #restore} rebuilds the table from the aliases at start.
 */
public final class LeaseTable {
    private final LeaseStore journal;
    private final Map<Endpoint, AddressLease> leases = new LinkedHashMap<>();
    private List<AddressPool> pools = List.of();

    /**
     * @param journal where leases are until their veth exists
     */
    public LeaseTable(LeaseStore journal) {
        this.journal = journal;
    }

    /**
     * Sets the leases to those of the veths that exist. Entries of the journal end here: with a
     * veth they are among {@code living}, without one the ADD that wrote them is gone.
     *
     * @return the journal's leases that had no veth and are free again
     */
    public synchronized List<AddressLease> restore(Collection<AddressLease> living)
            throws IOException {
        leases.clear();
        living.forEach(lease -> leases.put(lease.endpoint(), lease));
        List<AddressLease> freed = new ArrayList<>();
        for (AddressLease entry : journal.load()) {
            journal.remove(entry.endpoint());
            if (!leases.containsKey(entry.endpoint())) {
                freed.add(entry);
            }
        }
        List<Cidr> ranges = pools.stream().map(AddressPool::range).toList();
        pools = List.of();
        ranges(ranges);
        return freed;
    }

    /** Sets the ranges that new leases come from; existing leases stay what they are. */
    public synchronized void ranges(List<Cidr> ranges) {
        if (!pools.stream().map(AddressPool::range).toList().equals(ranges)) {
            List<InetAddress> held =
                    leases.values().stream().flatMap(each -> each.addresses().stream()).toList();
            pools = ranges.stream().map(range -> new AddressPool(range, held)).toList();
        }
    }

    /**
     * Takes one address of each range.
     *
     * @throws IllegalStateException if the endpoint has a lease
     * @throws PoolExhaustedException if a range has no free address
     * @throws IOException if the journal cannot be written; nothing is taken then
     */
    public synchronized AddressLease lease(Endpoint endpoint, String pod)
            throws PoolExhaustedException, IOException {
        if (leases.containsKey(endpoint)) {
            throw new IllegalStateException(endpoint + " has a lease");
        }
        List<InetAddress> taken = new ArrayList<>();
        try {
            for (AddressPool pool : pools) {
                taken.add(pool.take());
            }
            AddressLease lease = new AddressLease(endpoint, taken, pod);
            journal.put(lease);
            leases.put(endpoint, lease);
            return lease;
        } catch (PoolExhaustedException | IOException e) {
            taken.forEach(this::giveBack);
            throw e;
        }
    }

    /** Takes the lease out of the journal: from now on the veth's alias stands for it. */
    public synchronized void confirm(Endpoint endpoint) throws IOException {
        journal.remove(endpoint);
    }

    /** Ends the lease of this endpoint; none is fine. */
    public synchronized void release(Endpoint endpoint) throws IOException {
        journal.remove(endpoint);
        AddressLease lease = leases.remove(endpoint);
        if (lease != null) {
            lease.addresses().forEach(this::giveBack);
        }
    }

    private void giveBack(InetAddress address) {
        pools.forEach(pool -> pool.release(address));
    }

    /** The lease of this endpoint, if it has one. */
    public synchronized Optional<AddressLease> of(Endpoint endpoint) {
        return Optional.ofNullable(leases.get(endpoint));
    }

    /** Every lease, the oldest first. */
    public synchronized List<AddressLease> leases() {
        return List.copyOf(leases.values());
    }

    /** How many addresses are held. */
    public synchronized int inUse() {
        return leases.values().stream().mapToInt(lease -> lease.addresses().size()).sum();
    }

    /** How many addresses of the ranges are free. */
    public synchronized long free() {
        return pools.stream().mapToLong(pool -> pool.capacity() - pool.inUse()).sum();
    }
}
