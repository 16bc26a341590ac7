package dev.culvert.agent.cni;

import dev.culvert.agent.ipam.AddressLease;
import dev.culvert.agent.ipam.Endpoint;
import dev.culvert.agent.ipam.LeaseStore;
import java.io.IOException;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A journal that can be told not to let go of an entry. One thread. */
final class InMemoryLeaseStore implements LeaseStore {
    private final List<AddressLease> entries = new ArrayList<>();
    private @Nullable String kept;

    /** Fails to remove the entries of this container. */
    void keep(@Nullable String containerId) {
        kept = containerId;
    }

    @Override
    public List<AddressLease> load() {
        return List.copyOf(entries);
    }

    @Override
    public void put(AddressLease lease) {
        entries.add(lease);
    }

    @Override
    public void remove(Endpoint endpoint) throws IOException {
        if (endpoint.containerId().equals(kept)) {
            throw new IOException("the disk is full");
        }
        entries.removeIf(each -> each.endpoint().equals(endpoint));
    }

    @Override
    public List<InetAddress> latest() {
        return List.of();
    }

    @Override
    public void remember(List<InetAddress> latest) {}
}
