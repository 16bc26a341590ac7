package dev.culvert.linux.route;

import dev.culvert.linux.Errno;
import dev.culvert.linux.LinuxException;
import dev.culvert.linux.netlink.NetlinkMessage;
import dev.culvert.linux.netlink.NetlinkRequest;
import dev.culvert.linux.netlink.NetlinkSocket;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * The kernel's rtnetlink, in the network namespace of the thread that opened it, for good. Any
 * thread.
 *
 * @see <a href="https://man7.org/linux/man-pages/man7/rtnetlink.7.html">rtnetlink(7)</a>
 */
public final class KernelRtnetlink implements Rtnetlink {
    private final NetlinkSocket socket;

    private KernelRtnetlink(NetlinkSocket socket) {
        this.socket = socket;
    }

    /** Opens a socket in the calling thread's network namespace. */
    public static KernelRtnetlink open() throws LinuxException {
        return new KernelRtnetlink(NetlinkSocket.open());
    }

    @Override
    public List<Link> links() throws LinuxException {
        return decode(LinkMessages.dump(), LinkMessages::decode);
    }

    @Override
    public Optional<Link> link(String name) throws LinuxException {
        try {
            // The kernel also finds links by their alternative names, which are not meant here.
            return decode(LinkMessages.get(name), LinkMessages::decode).stream()
                    .filter(link -> link.name().equals(name))
                    .findFirst();
        } catch (LinuxException e) {
            if (e.errno().equals(Errno.ENODEV)) {
                return Optional.empty();
            }
            throw e;
        }
    }

    @Override
    public Link createBridge(BridgeSpec spec) throws LinuxException {
        socket.exchange(LinkMessages.create(spec));
        return created(spec.name());
    }

    @Override
    public Link createVeth(VethSpec spec) throws LinuxException {
        socket.exchange(LinkMessages.create(spec));
        Link link = created(spec.name());
        if (link.alias().equals(spec.alias())) {
            return link;
        }
        // Kernels ignore the alias of a link that does not exist yet.
        try {
            changeLink(link.index(), LinkChange.NONE.withAlias(spec.alias()));
            return created(spec.name());
        } catch (LinuxException e) {
            deleteLink(link.index());
            throw e;
        }
    }

    private Link created(String name) throws LinuxException {
        return link(name)
                .orElseThrow(
                        () ->
                                new LinuxException(
                                        "netlink",
                                        Errno.ENODEV,
                                        "link " + name + " vanished after its creation"));
    }

    @Override
    public void deleteLink(int index) throws LinuxException {
        exchangeUnless(LinkMessages.delete(index), Errno.ENODEV);
    }

    @Override
    public void changeLink(int index, LinkChange change) throws LinuxException {
        Boolean hairpin = change.hairpin();
        if (hairpin == null || !change.equals(LinkChange.NONE.withHairpin(hairpin))) {
            socket.exchange(LinkMessages.change(index, change));
        }
        if (hairpin != null) {
            socket.exchange(LinkMessages.hairpin(index, hairpin));
        }
    }

    /**
     * Moves a link of this namespace into the one that the other end of a veth pair is in.
     *
     * @param index the link to move
     * @param veth the name of the end that is here
     * @throws LinuxException with {@code ENODEV} if there is no such pair, {@code EEXIST} if a link
     *     of the same name is there
     */
    public void moveToPeerOf(int index, String veth) throws LinuxException {
        for (int namespaceId : decode(LinkMessages.get(veth), LinkMessages::peerNamespaceId)) {
            socket.exchange(LinkMessages.move(index, namespaceId));
        }
    }

    @Override
    public List<Address> addresses() throws LinuxException {
        return decode(AddressMessages.dump(), AddressMessages::decode);
    }

    @Override
    public void ensureAddress(Address address) throws LinuxException {
        socket.exchange(AddressMessages.ensure(address));
    }

    @Override
    public void deleteAddress(Address address) throws LinuxException {
        exchangeUnless(AddressMessages.delete(address), Errno.EADDRNOTAVAIL, Errno.ENODEV);
    }

    @Override
    public List<Route> routes() throws LinuxException {
        return decode(RouteMessages.dump(), RouteMessages::decode);
    }

    /**
     * Asks the kernel where it would send a packet, with its rules, tables and checks of the
     * source.
     *
     * @throws LinuxException with {@code ENETUNREACH} or {@code EHOSTUNREACH} if nowhere, {@code
     *     EXDEV} or {@code EINVAL} if it would not believe the source
     */
    public RouteDecision lookup(RouteQuery query) throws LinuxException {
        return decode(RouteMessages.lookup(query), RouteMessages::decision).getFirst();
    }

    @Override
    public void ensureRoute(Route route) throws LinuxException {
        socket.exchange(RouteMessages.ensure(route));
    }

    @Override
    public void deleteRoute(Route route) throws LinuxException {
        exchangeUnless(RouteMessages.delete(route), Errno.ESRCH, Errno.ENODEV);
    }

    @Override
    public List<Neighbor> neighbors() throws LinuxException {
        return decode(NeighborMessages.dump(), NeighborMessages::decode);
    }

    @Override
    public void ensureNeighbor(Neighbor neighbor) throws LinuxException {
        socket.exchange(NeighborMessages.ensure(neighbor));
    }

    @Override
    public void deleteNeighbor(Neighbor neighbor) throws LinuxException {
        exchangeUnless(NeighborMessages.delete(neighbor), Errno.ENOENT, Errno.ENODEV);
    }

    @Override
    public void limitRate(int linkIndex, RateLimit limit) throws LinuxException {
        socket.exchange(QdiscMessages.limit(linkIndex, limit));
    }

    @Override
    public OptionalLong rateLimit(int linkIndex) throws LinuxException {
        return decode(QdiscMessages.dump(), QdiscMessages::decode).stream()
                .filter(rate -> rate.linkIndex() == linkIndex)
                .mapToLong(QdiscMessages.Rate::bytesPerSecond)
                .findFirst();
    }

    private void exchangeUnless(NetlinkRequest request, Errno... expected) throws LinuxException {
        try {
            socket.exchange(request);
        } catch (LinuxException e) {
            if (!Arrays.asList(expected).contains(e.errno())) {
                throw e;
            }
        }
    }

    private <T> List<T> decode(NetlinkRequest request, Decoder<T> decoder) throws LinuxException {
        List<T> values = new ArrayList<>();
        for (NetlinkMessage message : socket.exchange(request)) {
            T value = decoder.decode(message);
            if (value != null) {
                values.add(value);
            }
        }
        return List.copyOf(values);
    }

    /** Turns a message into a value, or into null when it is of a kind that we do not model. */
    private interface Decoder<T> {
        @Nullable T decode(NetlinkMessage message) throws LinuxException;
    }

    @Override
    public void close() {
        socket.close();
    }
}
