package dev.culvert.agent.cni;

import dev.culvert.agent.ipam.AddressLease;
import dev.culvert.agent.ipam.Endpoint;
import dev.culvert.agent.ipam.LeaseTable;
import dev.culvert.agent.sandbox.Attachment;
import dev.culvert.agent.sandbox.HostVeth;
import dev.culvert.agent.sandbox.SandboxWiring;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Holds the leases against the veths that exist and the pods that Kubernetes knows, and mends what
 * differs. {@link #restore} comes first, before any call is answered; {@link #round} comes again
 * and again while calls are answered, from one thread at a time.
 *
 * <p>An address whose veth exists is never freed: the kernel removes a veth together with the
 * namespace of its other end, so what exists has a living pod. A lease is freed when two rounds in
 * a row find neither its veth nor a pod with its address; as long as the pods are not known, none
 * is.
 *
 * <p>Metric: {@code culvert_ipam_repairs_total{action}}, with {@code undone} for ADDs that an
 * earlier agent did not bring to their end, {@code removed} for half-made veths, {@code adopted}
 * for veths without lease, {@code renamed} for veths that lost their alias, and {@code freed}.
 */
final class LeaseReconciler {
    private static final Logger LOG = LogManager.getLogger(LeaseReconciler.class);

    private final LeaseTable leases;
    private final SandboxWiring wiring;
    private final Supplier<? extends @Nullable Set<InetAddress>> podAddresses;
    private final MeterRegistry metrics;
    private Set<AddressLease> missing = Set.of();
    private Set<HostVeth> halfMade = Set.of();

    /**
     * @param podAddresses the addresses of this node's pods, giving null while they are not known
     */
    LeaseReconciler(
            LeaseTable leases,
            SandboxWiring wiring,
            Supplier<? extends @Nullable Set<InetAddress>> podAddresses,
            MeterRegistry metrics) {
        this.leases = leases;
        this.wiring = wiring;
        this.podAddresses = podAddresses;
        this.metrics = metrics;
    }

    /**
     * Undoes what a killed agent left of ADDs, and rebuilds the leases from the veths that exist.
     *
     * @throws IOException if the links or the journal cannot be read
     */
    void restore() throws IOException {
        for (AddressLease unfinished : leases.unfinished()) {
            undo(unfinished);
        }
        for (HostVeth veth : wiring.hostVeths()) {
            if (veth.isHalfMade()) {
                remove(veth);
            }
        }
        List<AddressLease> living =
                wiring.hostVeths().stream()
                        .map(LeaseReconciler::leaseOf)
                        .flatMap(Optional::stream)
                        .toList();
        leases.restore(living);
        LOG.info("leases rebuilt living={}", living.size());
    }

    /** No runtime was told of it: an ADD leaves the journal before it is answered. */
    private void undo(AddressLease unfinished) {
        try {
            wiring.detach(hostVeth(unfinished.endpoint()));
            count("undone");
            LOG.info("an ADD that was cut off is undone lease={}", unfinished);
        } catch (IOException e) {
            LOG.warn("an ADD that was cut off cannot be undone lease={}", unfinished, e);
        }
    }

    /**
     * Looks once. The leases are read before and after the veths, so that what an ADD or a DEL does
     * meanwhile is not taken for a difference.
     *
     * @throws IOException if the links cannot be read or changed; the next round goes on
     */
    void round() throws IOException {
        List<AddressLease> idle = leases.idle();
        Set<Endpoint> before = endpoints(leases.leases());
        List<HostVeth> veths = wiring.hostVeths();
        Set<Endpoint> after = endpoints(leases.leases());
        for (HostVeth veth : veths) {
            Optional<AddressLease> lease = leaseOf(veth);
            if (lease.isPresent()
                    && !before.contains(lease.get().endpoint())
                    && !after.contains(lease.get().endpoint())) {
                leases.adopt(lease.get());
                count("adopted");
                LOG.warn("a veth had no lease and gets one link={} {}", veth.name(), lease.get());
            }
        }
        removeHalfMade(veths, before, after);
        restoreAliases(idle, veths);
        free(idle, veths);
    }

    private void removeHalfMade(List<HostVeth> veths, Set<Endpoint> before, Set<Endpoint> after)
            throws IOException {
        Set<String> leased = new HashSet<>();
        before.forEach(endpoint -> leased.add(hostVeth(endpoint)));
        after.forEach(endpoint -> leased.add(hostVeth(endpoint)));
        Set<HostVeth> now = new HashSet<>(veths);
        now.removeIf(veth -> !veth.isHalfMade() || leased.contains(veth.name()));
        for (HostVeth veth : now) {
            if (halfMade.contains(veth)) {
                remove(veth);
            }
        }
        halfMade = now;
    }

    private void remove(HostVeth veth) throws IOException {
        wiring.remove(veth);
        count("removed");
        LOG.info("a half-made attachment is removed link={}", veth.name());
    }

    /** The next start would not know the address of a veth without its alias. */
    private void restoreAliases(List<AddressLease> idle, List<HostVeth> veths) throws IOException {
        for (AddressLease lease : idle) {
            for (HostVeth veth : veths) {
                if (veth.name().equals(hostVeth(lease.endpoint()))
                        && leaseOf(veth).isEmpty()
                        && leases.idle().contains(lease)) {
                    wiring.rename(veth, lease.alias());
                    count("renamed");
                    LOG.warn("a veth had lost its alias link={} {}", veth.name(), lease);
                }
            }
        }
    }

    private void free(List<AddressLease> idle, List<HostVeth> veths) throws IOException {
        Set<InetAddress> pods = podAddresses.get();
        Set<AddressLease> now = new HashSet<>();
        for (AddressLease lease : idle) {
            if (pods == null
                    || lease.addresses().stream().anyMatch(pods::contains)
                    || veths.stream().anyMatch(veth -> isOf(veth, lease))) {
                continue;
            }
            if (!missing.contains(lease)) {
                now.add(lease);
            } else if (leases.releaseIdle(lease)) {
                count("freed");
                LOG.warn("a lease has neither a veth nor a pod and is freed lease={}", lease);
            }
        }
        missing = now;
    }

    private static boolean isOf(HostVeth veth, AddressLease lease) {
        return veth.name().equals(hostVeth(lease.endpoint()))
                || leaseOf(veth)
                        .filter(each -> each.endpoint().equals(lease.endpoint()))
                        .isPresent();
    }

    private static Optional<AddressLease> leaseOf(HostVeth veth) {
        return AddressLease.ofAlias(veth.alias());
    }

    private static String hostVeth(Endpoint endpoint) {
        return Attachment.hostVeth(endpoint.containerId(), endpoint.ifName());
    }

    private static Set<Endpoint> endpoints(List<AddressLease> leases) {
        Set<Endpoint> endpoints = new HashSet<>();
        leases.forEach(lease -> endpoints.add(lease.endpoint()));
        return endpoints;
    }

    private void count(String action) {
        Counter.builder("culvert.ipam.repairs")
                .description("leases and veths that were mended, by what was done")
                .tag("action", action)
                .register(metrics)
                .increment();
    }
}
