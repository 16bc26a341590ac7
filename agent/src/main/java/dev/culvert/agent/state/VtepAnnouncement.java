package dev.culvert.agent.state;

import dev.culvert.net.Cidr;
import dev.culvert.net.MacAddress;
import dev.culvert.overlay.fdb.Vtep;
import java.net.InetAddress;
import java.util.List;

/**
 * What a node's agent tells the others about its tunnel endpoint. Immutable.
 *
 * @param address its underlay address
 * @param mac the destination of inner frames to it
 * @param vni the VXLAN network id
 * @param port its UDP port
 * @param remoteChecksum whether it finishes the checksums of what is sent to it
 * @param retained ranges that were the node's before and that some of its pods still live in
 */
public record VtepAnnouncement(
        InetAddress address,
        MacAddress mac,
        int vni,
        int port,
        boolean remoteChecksum,
        List<Cidr> retained) {

    /** Copies the list. */
    public VtepAnnouncement {
        retained = List.copyOf(retained);
    }

    /** Of a node whose ranges never changed. */
    public VtepAnnouncement(
            InetAddress address, MacAddress mac, int vni, int port, boolean remoteChecksum) {
        this(address, mac, vni, port, remoteChecksum, List.of());
    }

    /** The same as an entry of a forwarding database. */
    public Vtep vtepOf(String node) {
        return new Vtep(node, address, port, mac, remoteChecksum);
    }

    /** The same at another address. */
    public VtepAnnouncement at(InetAddress other) {
        return new VtepAnnouncement(other, mac, vni, port, remoteChecksum, retained);
    }
}
