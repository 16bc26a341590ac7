package dev.culvert.agent.ipam;

import java.io.IOException;
import java.util.List;

/**
 * Remembers leases whose host veth does not exist yet, so that an agent that dies in between does
 * not give the address to two pods. Calls come one at a time.
 */
public interface LeaseStore {

    /** The leases that were put and not removed since this machine booted. */
    List<AddressLease> load() throws IOException;

    /** Writes a lease; when this returns it survives the process. */
    void put(AddressLease lease) throws IOException;

    /** Forgets the lease of this endpoint; none is fine. */
    void remove(Endpoint endpoint) throws IOException;
}
