package dev.culvert.linux.route;

import dev.culvert.linux.LinuxException;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The links, addresses, routes, neighbours and rate limits of one network namespace: the seam
 * between what Culvert wants and the kernel. {@link KernelRtnetlink} is the real one; tests have an
 * in-memory one.
 *
 * <p>May be called from any thread, one call at a time. "Ensure" methods succeed when the object is
 * already as asked; "delete" methods succeed when it is not there.
 *
 * @see <a href="https://man7.org/linux/man-pages/man7/rtnetlink.7.html">rtnetlink(7)</a>
 */
public interface Rtnetlink extends AutoCloseable {

    /** Every link. */
    List<Link> links() throws LinuxException;

    /** The link with this name, if there is one. */
    Optional<Link> link(String name) throws LinuxException;

    /**
     * Creates a bridge, down.
     *
     * @throws LinuxException with {@code EEXIST} if the name is taken
     */
    Link createBridge(BridgeSpec spec) throws LinuxException;

    /**
     * Creates both ends of a veth pair at once, down, the peer already in its own namespace.
     *
     * @return the end in this namespace
     * @throws LinuxException with {@code EEXIST} if either name is taken
     */
    Link createVeth(VethSpec spec) throws LinuxException;

    /** Deletes a link; one that is not there is fine. */
    void deleteLink(int index) throws LinuxException;

    /** Changes what {@code change} names, in one request; the rest stays. */
    void changeLink(int index, LinkChange change) throws LinuxException;

    /** Every address of every link. */
    List<Address> addresses() throws LinuxException;

    /** Adds an address, or changes its flags when it is there. */
    void ensureAddress(Address address) throws LinuxException;

    /** Removes an address; one that is not there is fine. */
    void deleteAddress(Address address) throws LinuxException;

    /** Every route of every table, local ones included. */
    List<Route> routes() throws LinuxException;

    /** Adds a route, or replaces the one with the same destination, table and priority. */
    void ensureRoute(Route route) throws LinuxException;

    /** Removes a route; one that is not there is fine. */
    void deleteRoute(Route route) throws LinuxException;

    /** Every neighbour entry. */
    List<Neighbor> neighbors() throws LinuxException;

    /** Adds a neighbour entry or replaces the one for the same address and link. */
    void ensureNeighbor(Neighbor neighbor) throws LinuxException;

    /** Removes a neighbour entry; one that is not there is fine. */
    void deleteNeighbor(Neighbor neighbor) throws LinuxException;

    /**
     * Limits what leaves by a link, in place of any limit before; it goes with the link.
     *
     * @throws LinuxException with {@code ENOENT} if the kernel has no token bucket
     */
    void limitRate(int linkIndex, RateLimit limit) throws LinuxException;

    /** The bytes a second to which a link is limited; empty when it is not. */
    OptionalLong rateLimit(int linkIndex) throws LinuxException;

    @Override
    void close();
}
