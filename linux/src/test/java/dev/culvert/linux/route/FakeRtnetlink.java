package dev.culvert.linux.route;

import dev.culvert.linux.Errno;
import dev.culvert.linux.LinuxException;
import dev.culvert.net.IpFamily;
import dev.culvert.net.MacAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Queue;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * An {@link Rtnetlink} in memory, for tests: gives out indexes, refuses duplicate names, forgets
 * what belongs to a deleted link, fails on demand. The far end of a veth pair is not modelled
 * except by {@link #deletePeerOf}. Any thread.
 */
public final class FakeRtnetlink implements Rtnetlink {
    private static final int IPV6_DEFAULT_PRIORITY = 1024;

    private final Map<Integer, Link> links = new TreeMap<>();
    private final Map<Integer, LinkChange> changes = new HashMap<>();
    private final Map<Integer, RateLimit> limits = new HashMap<>();
    private final List<Address> addresses = new ArrayList<>();
    private final List<Route> routes = new ArrayList<>();
    private final List<Neighbor> neighbors = new ArrayList<>();
    private final Map<String, Queue<Errno>> failures = new HashMap<>();
    private final List<String> calls = new ArrayList<>();
    private int nextIndex = 2;
    private boolean closed;

    /** A namespace with nothing but {@code lo}. */
    public FakeRtnetlink() {
        links.put(1, new Link(1, "lo", "", new MacAddress(0), 65536, true, 0, 0, ""));
    }

    /** Makes the next call of this method of {@link Rtnetlink} fail; may be queued up. */
    public synchronized FakeRtnetlink failNext(String method, Errno errno) {
        failures.computeIfAbsent(method, _ -> new ArrayDeque<>()).add(errno);
        return this;
    }

    /** Every changing call so far, in order, as {@code method argument}. */
    public synchronized List<String> calls() {
        return List.copyOf(calls);
    }

    /** Puts a link there that nobody created through this interface, for example the uplink. */
    public synchronized Link addLink(String name, String kind, MacAddress mac, int mtu) {
        int index = nextIndex++;
        Link link = new Link(index, name, kind, mac, mtu, true, 0, 0, "");
        links.put(index, link);
        return link;
    }

    /** What was changed last about the link with this index. */
    public synchronized LinkChange lastChange(int index) {
        return changes.getOrDefault(index, LinkChange.NONE);
    }

    /** As when the other namespace goes away: this end of the pair goes with it. */
    public synchronized void deletePeerOf(String name) {
        links.values().stream()
                .filter(link -> link.name().equals(name))
                .findFirst()
                .ifPresent(link -> forget(link.index()));
    }

    /** Whether somebody closed it. */
    public synchronized boolean isClosed() {
        return closed;
    }

    @Override
    public synchronized List<Link> links() throws LinuxException {
        check("links", "");
        return List.copyOf(links.values());
    }

    @Override
    public synchronized Optional<Link> link(String name) throws LinuxException {
        check("link", name);
        return links.values().stream().filter(link -> link.name().equals(name)).findFirst();
    }

    @Override
    public synchronized Link createBridge(BridgeSpec spec) throws LinuxException {
        record("createBridge", spec.name());
        Link link =
                new Link(nextIndex, spec.name(), "bridge", spec.mac(), spec.mtu(), false, 0, 0, "");
        return create(link);
    }

    @Override
    public synchronized Link createVeth(VethSpec spec) throws LinuxException {
        record("createVeth", spec.name());
        Link link =
                new Link(
                        nextIndex,
                        spec.name(),
                        "veth",
                        spec.mac(),
                        spec.mtu(),
                        false,
                        0,
                        2,
                        spec.alias());
        return create(link);
    }

    private Link create(Link link) throws LinuxException {
        if (links.values().stream().anyMatch(each -> each.name().equals(link.name()))) {
            throw new LinuxException("netlink", Errno.EEXIST, "create " + link.name());
        }
        links.put(nextIndex++, link);
        return link;
    }

    @Override
    public synchronized void deleteLink(int index) throws LinuxException {
        record("deleteLink", index);
        forget(index);
    }

    private void forget(int index) {
        links.remove(index);
        changes.remove(index);
        limits.remove(index);
        addresses.removeIf(address -> address.linkIndex() == index);
        routes.removeIf(route -> route.linkIndex() == index);
        neighbors.removeIf(neighbor -> neighbor.linkIndex() == index);
        links.replaceAll((_, link) -> link.masterIndex() == index ? withMaster(link, 0) : link);
    }

    private static Link withMaster(Link link, int master) {
        return new Link(
                link.index(),
                link.name(),
                link.kind(),
                link.mac(),
                link.mtu(),
                link.up(),
                master,
                link.peerIndex(),
                link.alias());
    }

    @Override
    public synchronized void changeLink(int index, LinkChange change) throws LinuxException {
        record("changeLink", index);
        Link link = existing(index);
        Integer master = change.masterIndex();
        if (master != null && master != 0) {
            existing(master);
        }
        if (Boolean.FALSE.equals(change.up())) {
            routes.removeIf(route -> route.linkIndex() == index);
        }
        links.put(
                index,
                new Link(
                        index,
                        link.name(),
                        link.kind(),
                        or(change.mac(), link.mac()),
                        or(change.mtu(), link.mtu()),
                        or(change.up(), link.up()),
                        or(master, link.masterIndex()),
                        link.peerIndex(),
                        or(change.alias(), link.alias())));
        changes.put(index, change);
    }

    private static <T> T or(@Nullable T changed, T present) {
        return changed == null ? present : changed;
    }

    private Link existing(int index) throws LinuxException {
        Link link = links.get(index);
        if (link == null) {
            throw new LinuxException("netlink", Errno.ENODEV, "link " + index);
        }
        return link;
    }

    @Override
    public synchronized List<Address> addresses() throws LinuxException {
        check("addresses", "");
        return List.copyOf(addresses);
    }

    @Override
    public synchronized void ensureAddress(Address address) throws LinuxException {
        record("ensureAddress", address);
        existing(address.linkIndex());
        addresses.removeIf(each -> same(each, address));
        addresses.add(address);
    }

    @Override
    public synchronized void deleteAddress(Address address) throws LinuxException {
        record("deleteAddress", address);
        addresses.removeIf(each -> same(each, address));
    }

    private static boolean same(Address one, Address other) {
        return one.linkIndex() == other.linkIndex()
                && one.local().equals(other.local())
                && one.prefixLength() == other.prefixLength();
    }

    @Override
    public synchronized List<Route> routes() throws LinuxException {
        check("routes", "");
        return List.copyOf(routes);
    }

    @Override
    public synchronized void ensureRoute(Route route) throws LinuxException {
        record("ensureRoute", route.destination());
        if (!existing(route.linkIndex()).up()) {
            throw new LinuxException("netlink", Errno.ENETDOWN, "route " + route.destination());
        }
        Route stored = normalize(route);
        routes.removeIf(each -> sameKey(each, stored));
        routes.add(stored);
    }

    @Override
    public synchronized void deleteRoute(Route route) throws LinuxException {
        record("deleteRoute", route.destination());
        Route stored = normalize(route);
        routes.removeIf(each -> sameKey(each, stored) && each.linkIndex() == stored.linkIndex());
    }

    private static Route normalize(Route route) {
        if (route.priority() != 0 || route.destination().family() == IpFamily.IPV4) {
            return route;
        }
        return new Route(
                route.destination(),
                route.linkIndex(),
                route.gateway(),
                route.source(),
                route.mtu(),
                route.protocol(),
                route.table(),
                IPV6_DEFAULT_PRIORITY,
                route.onlink());
    }

    private static boolean sameKey(Route one, Route other) {
        return one.destination().equals(other.destination())
                && one.table() == other.table()
                && one.priority() == other.priority();
    }

    @Override
    public synchronized List<Neighbor> neighbors() throws LinuxException {
        check("neighbors", "");
        return List.copyOf(neighbors);
    }

    @Override
    public synchronized void ensureNeighbor(Neighbor neighbor) throws LinuxException {
        record("ensureNeighbor", neighbor.address());
        existing(neighbor.linkIndex());
        neighbors.removeIf(each -> same(each, neighbor));
        neighbors.add(neighbor);
    }

    @Override
    public synchronized void deleteNeighbor(Neighbor neighbor) throws LinuxException {
        record("deleteNeighbor", neighbor.address());
        neighbors.removeIf(each -> same(each, neighbor));
    }

    private static boolean same(Neighbor one, Neighbor other) {
        return one.linkIndex() == other.linkIndex() && one.address().equals(other.address());
    }

    @Override
    public synchronized void limitRate(int linkIndex, RateLimit limit) throws LinuxException {
        record("limitRate", linkIndex);
        existing(linkIndex);
        limits.put(linkIndex, limit);
    }

    @Override
    public synchronized OptionalLong rateLimit(int linkIndex) throws LinuxException {
        check("rateLimit", linkIndex);
        RateLimit limit = limits.get(linkIndex);
        return limit == null ? OptionalLong.empty() : OptionalLong.of(limit.bytesPerSecond());
    }

    private void record(String method, Object argument) throws LinuxException {
        calls.add(method + " " + argument);
        check(method, argument);
    }

    private void check(String method, Object argument) throws LinuxException {
        if (closed) {
            throw new IllegalStateException("closed: rtnetlink");
        }
        Queue<Errno> queue = failures.get(method);
        Errno errno = queue == null ? null : queue.poll();
        if (errno != null) {
            throw new LinuxException("netlink", errno, method + " " + argument);
        }
    }

    @Override
    public synchronized void close() {
        closed = true;
    }
}
