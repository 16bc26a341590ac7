package dev.culvert.overlay;

import dev.culvert.linux.SocketAddresses;
import dev.culvert.net.Cidr;
import dev.culvert.overlay.fdb.Fdb;
import dev.culvert.overlay.fdb.FdbEntry;
import dev.culvert.overlay.fdb.PrefixTable;
import dev.culvert.overlay.fdb.Vtep;
import dev.culvert.overlay.packet.IpPacket;
import dev.culvert.overlay.packet.Ipv4Header;
import dev.culvert.overlay.packet.Ipv6Header;
import dev.culvert.overlay.packet.NetworkOrder;
import java.lang.foreign.MemorySegment;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One snapshot of all that the packet path looks up: peers by inner address, peers by outer source,
 * and what is local. Immutable; published as a whole through a volatile field.
 */
final class Forwarding {
    private static final int MAX_PACKET_BYTES = 65_535;

    private final Map<Vtep, Peer> peers;
    private final PrefixTable<Peer> byInnerAddress;
    private final PrefixTable<Peer> byOuterAddress;
    private final PrefixTable<Cidr> local;
    private final PrefixTable<Peer> self;
    private final Fdb fdb;
    private final int mtu;

    private Forwarding(
            Map<Vtep, Peer> peers,
            Fdb fdb,
            PrefixTable<Cidr> local,
            PrefixTable<Peer> self,
            int mtu) {
        this.peers = peers;
        this.fdb = fdb;
        this.mtu = mtu;
        this.local = local;
        this.self = self;
        PrefixTable.Builder<Peer> inner = new PrefixTable.Builder<>();
        PrefixTable.Builder<Peer> outer = new PrefixTable.Builder<>();
        for (FdbEntry entry : fdb.entries()) {
            Peer peer = peers.get(entry.vtep());
            if (peer != null) {
                inner.put(entry.prefix(), peer);
                outer.put(entry.vtep().address(), peer);
            }
        }
        this.byInnerAddress = inner.build();
        this.byOuterAddress = outer.build();
    }

    private Forwarding(Forwarding other, int mtu) {
        this.peers = other.peers;
        this.fdb = other.fdb;
        this.mtu = mtu;
        this.local = other.local;
        this.self = other.self;
        this.byInnerAddress = other.byInnerAddress;
        this.byOuterAddress = other.byOuterAddress;
    }

    /** Nobody known, with these local ranges and this node's own endpoint. */
    static Forwarding empty(List<Cidr> podCidrs, Peer self) {
        PrefixTable.Builder<Cidr> local = new PrefixTable.Builder<>();
        podCidrs.forEach(cidr -> local.put(cidr, cidr));
        PrefixTable<Peer> own =
                new PrefixTable.Builder<Peer>().put(self.vtep().address(), self).build();
        return new Forwarding(Map.of(), Fdb.EMPTY, local.build(), own, MAX_PACKET_BYTES);
    }

    /** The snapshot for another database; peers that stay keep their counters. */
    Forwarding with(Fdb fdb, int loops, boolean remoteChecksum) {
        Map<Vtep, Peer> next = LinkedHashMap.newLinkedHashMap(fdb.size());
        for (FdbEntry entry : fdb.entries()) {
            Vtep vtep = entry.vtep();
            if (!next.containsKey(vtep)) {
                Peer known = peers.get(vtep);
                next.put(vtep, known != null ? known : new Peer(vtep, loops, remoteChecksum));
            }
        }
        return new Forwarding(next, fdb, local, self, mtu);
    }

    Collection<Peer> peers() {
        return peers.values();
    }

    int size() {
        return fdb.size();
    }

    /** Bytes of the largest packet of a pod here. */
    int mtu() {
        return mtu;
    }

    /** The snapshot for another MTU. */
    Forwarding withMtu(int bytes) {
        return bytes == mtu ? this : new Forwarding(this, bytes);
    }

    /** Who serves the packet's destination. */
    @Nullable Peer destinationOf(IpPacket packet) {
        return packet.isIpv4()
                ? at(byInnerAddress, packet, Ipv4Header.DESTINATION_OFFSET)
                : at(byInnerAddress, packet, Ipv6Header.DESTINATION_OFFSET);
    }

    /** Whether the destination is one of this node's. */
    boolean isLocal(IpPacket packet) {
        return packet.isIpv4()
                ? at(local, packet, Ipv4Header.DESTINATION_OFFSET) != null
                : at(local, packet, Ipv6Header.DESTINATION_OFFSET) != null;
    }

    /** Whether the packet's source is one of this peer's, its own underlay address included. */
    boolean mayCarry(Peer sender, IpPacket packet) {
        int offset = packet.isIpv4() ? Ipv4Header.SOURCE_OFFSET : Ipv6Header.SOURCE_OFFSET;
        Peer owner = at(byInnerAddress, packet, offset);
        return owner == sender || (owner == null && at(byOuterAddress, packet, offset) == sender);
    }

    /** Who sends from this outer source; {@code memory} holds a socket address. */
    @Nullable Peer senderAt(MemorySegment memory, long offset) {
        return outer(byOuterAddress, memory, offset);
    }

    /** Whether this outer source is this node itself. */
    boolean isSelf(MemorySegment memory, long offset) {
        return outer(self, memory, offset) != null;
    }

    private static @Nullable Peer outer(
            PrefixTable<Peer> table, MemorySegment memory, long offset) {
        if (SocketAddresses.isIpv4(memory, offset)) {
            return table.lookupIpv4(
                    NetworkOrder.i32(memory, offset + SocketAddresses.IPV4_ADDRESS_OFFSET));
        }
        long at = offset + SocketAddresses.IPV6_ADDRESS_OFFSET;
        return table.lookupIpv6(NetworkOrder.i64(memory, at), NetworkOrder.i64(memory, at + 8));
    }

    private static <T> @Nullable T at(PrefixTable<T> table, IpPacket packet, int offset) {
        long at = packet.offset() + offset;
        MemorySegment memory = packet.memory();
        return packet.isIpv4()
                ? table.lookupIpv4(NetworkOrder.i32(memory, at))
                : table.lookupIpv6(NetworkOrder.i64(memory, at), NetworkOrder.i64(memory, at + 8));
    }
}
