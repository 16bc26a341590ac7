package dev.culvert.agent.sandbox;

import dev.culvert.linux.Errno;
import dev.culvert.linux.LinuxException;
import dev.culvert.linux.route.Address;
import dev.culvert.linux.route.BridgeSpec;
import dev.culvert.linux.route.Link;
import dev.culvert.linux.route.LinkChange;
import dev.culvert.linux.route.Neighbor;
import dev.culvert.linux.route.RateLimit;
import dev.culvert.linux.route.Route;
import dev.culvert.linux.route.Rtnetlink;
import dev.culvert.linux.route.VethSpec;
import dev.culvert.net.MacAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A namespace in memory. The two ends of a veth go together; the other end appears in {@code pod}.
 * Changing calls of both count down to an injected failure. Any thread.
 */
public final class InMemoryRtnetlink implements Rtnetlink {
    private final Map<Integer, Link> links = new LinkedHashMap<>();
    private final List<Address> addresses = new ArrayList<>();
    private final List<Route> routes = new ArrayList<>();
    private final List<Neighbor> neighbors = new ArrayList<>();
    private final Map<Integer, RateLimit> limits = new HashMap<>();
    private final AtomicInteger indexes;
    private final AtomicInteger failAfter;
    private final InMemoryRtnetlink[] pod;
    private boolean refusesGsoMaxSize;
    private boolean refusesRateLimits;
    private int gsoMaxSize;

    private InMemoryRtnetlink(
            AtomicInteger indexes, AtomicInteger failAfter, InMemoryRtnetlink... pod) {
        this.indexes = indexes;
        this.failAfter = failAfter;
        this.pod = pod;
        int lo = indexes.incrementAndGet();
        links.put(lo, new Link(lo, "lo", "", new MacAddress(0), 65536, false, 0, 0, ""));
    }

    /** A node with one pod namespace. */
    public static InMemoryRtnetlink node() {
        AtomicInteger indexes = new AtomicInteger();
        AtomicInteger failAfter = new AtomicInteger(Integer.MAX_VALUE);
        return new InMemoryRtnetlink(indexes, failAfter, new InMemoryRtnetlink(indexes, failAfter));
    }

    public InMemoryRtnetlink pod() {
        return pod[0];
    }

    /** Lets so many changing calls succeed and the next one fail. */
    public void failAfter(int calls) {
        failAfter.set(calls);
    }

    /** Whether the injected failure came. */
    public boolean failed() {
        return failAfter.get() < 0;
    }

    /** Behaves as a kernel that knows no limit for super-packets. */
    public synchronized void refuseGsoMaxSize() {
        refusesGsoMaxSize = true;
    }

    /** Behaves as a kernel without token buckets. */
    public synchronized void refuseRateLimits() {
        refusesRateLimits = true;
    }

    /** What a link was last given, 0 for nothing. */
    public synchronized int gsoMaxSize() {
        return gsoMaxSize;
    }

    private void mayFail(String call) throws LinuxException {
        if (failAfter.getAndDecrement() == 0) {
            throw new LinuxException(call, Errno.ENOBUFS, "injected");
        }
    }

    @Override
    public synchronized List<Link> links() {
        return List.copyOf(links.values());
    }

    @Override
    public synchronized Optional<Link> link(String name) {
        return links.values().stream().filter(link -> link.name().equals(name)).findFirst();
    }

    @Override
    public synchronized Link createBridge(BridgeSpec spec) {
        int index = indexes.incrementAndGet();
        Link link = new Link(index, spec.name(), "bridge", spec.mac(), spec.mtu(), false, 0, 0, "");
        links.put(index, link);
        return link;
    }

    @Override
    public synchronized Link createVeth(VethSpec spec) throws LinuxException {
        mayFail("createVeth");
        if (link(spec.name()).isPresent() || pod().link(spec.peerName()).isPresent()) {
            throw new LinuxException("createVeth", Errno.EEXIST, spec.name());
        }
        int index = indexes.incrementAndGet();
        int peer = indexes.incrementAndGet();
        Link link =
                new Link(
                        index,
                        spec.name(),
                        "veth",
                        spec.mac(),
                        spec.mtu(),
                        false,
                        0,
                        peer,
                        spec.alias());
        links.put(index, link);
        pod().links
                .put(
                        peer,
                        new Link(
                                peer,
                                spec.peerName(),
                                "veth",
                                spec.peerMac(),
                                spec.mtu(),
                                false,
                                0,
                                index,
                                ""));
        return link;
    }

    @Override
    public synchronized void deleteLink(int index) {
        Link link = links.remove(index);
        if (link != null && pod.length > 0) {
            pod().remove(link.peerIndex());
        }
    }

    private synchronized void remove(int index) {
        links.remove(index);
        addresses.removeIf(each -> each.linkIndex() == index);
        routes.removeIf(each -> each.linkIndex() == index);
        neighbors.removeIf(each -> each.linkIndex() == index);
    }

    @Override
    public synchronized void changeLink(int index, LinkChange change) throws LinuxException {
        mayFail("changeLink");
        Link old = links.get(index);
        if (old == null) {
            throw new LinuxException("changeLink", Errno.ENODEV, "" + index);
        }
        if (change.gsoMaxSize() != null && refusesGsoMaxSize) {
            throw new LinuxException("changeLink", Errno.EINVAL, old.name());
        }
        gsoMaxSize = Objects.requireNonNullElse(change.gsoMaxSize(), gsoMaxSize);
        links.put(
                index,
                new Link(
                        index,
                        old.name(),
                        old.kind(),
                        Objects.requireNonNullElse(change.mac(), old.mac()),
                        Objects.requireNonNullElse(change.mtu(), old.mtu()),
                        Objects.requireNonNullElse(change.up(), old.up()),
                        Objects.requireNonNullElse(change.masterIndex(), old.masterIndex()),
                        old.peerIndex(),
                        Objects.requireNonNullElse(change.alias(), old.alias())));
    }

    @Override
    public synchronized List<Address> addresses() {
        return List.copyOf(addresses);
    }

    @Override
    public synchronized void ensureAddress(Address address) throws LinuxException {
        mayFail("ensureAddress");
        addresses.add(address);
    }

    @Override
    public synchronized void deleteAddress(Address address) {
        addresses.remove(address);
    }

    @Override
    public synchronized List<Route> routes() {
        return List.copyOf(routes);
    }

    @Override
    public synchronized void ensureRoute(Route route) throws LinuxException {
        mayFail("ensureRoute");
        routes.removeIf(
                each ->
                        each.destination().equals(route.destination())
                                && each.table() == route.table()
                                && each.priority() == route.priority());
        routes.add(route);
    }

    @Override
    public synchronized void deleteRoute(Route route) {
        routes.remove(route);
    }

    @Override
    public synchronized List<Neighbor> neighbors() {
        return List.copyOf(neighbors);
    }

    @Override
    public synchronized void ensureNeighbor(Neighbor neighbor) throws LinuxException {
        mayFail("ensureNeighbor");
        neighbors.add(neighbor);
    }

    @Override
    public synchronized void deleteNeighbor(Neighbor neighbor) {
        neighbors.remove(neighbor);
    }

    @Override
    public synchronized void limitRate(int linkIndex, RateLimit limit) throws LinuxException {
        mayFail("limitRate");
        if (refusesRateLimits) {
            throw new LinuxException("limitRate", Errno.ENOENT, "" + linkIndex);
        }
        limits.put(linkIndex, limit);
    }

    @Override
    public synchronized OptionalLong rateLimit(int linkIndex) {
        RateLimit limit = limits.get(linkIndex);
        return limit == null ? OptionalLong.empty() : OptionalLong.of(limit.bytesPerSecond());
    }

    @Override
    public void close() {}
}
