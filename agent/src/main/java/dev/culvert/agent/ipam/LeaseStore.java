package dev.culvert.agent.ipam;

import java.io.IOException;
import java.net.InetAddress;
import java.util.List;

/**
 * Remembers leases whose ADD has not come to its end, so that an agent that dies in between does
 * not give the address to two pods, and whose turn it is. Calls come one at a time.
 */
public interface LeaseStore {

    /** The leases that were put and not removed since this machine booted. */
    List<AddressLease> load() throws IOException;

    /** Writes a lease; when this returns it survives the process. */
    void put(AddressLease lease) throws IOException;

    /** Forgets the lease of this endpoint; none is fine. */
    void remove(Endpoint endpoint) throws IOException;

    /** What {@link #remember} was told last since this machine booted; empty for nothing. */
    List<InetAddress> latest() throws IOException;

    /** Writes which addresses were given in turn last. */
    void remember(List<InetAddress> latest) throws IOException;
}
