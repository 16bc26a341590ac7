package dev.culvert.iptables;

import dev.culvert.net.Cidr;
import dev.culvert.net.IpAddresses;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A member of an {@link IpSet}. Immutable, any thread.
 *
 * @param network the addresses; one address only in sets of type {@code hash:ip} and {@code
 *     hash:ip,port}
 * @param protocol of the port, null in sets without ports
 * @param port 1 to 65535, or 0 in sets without ports
 * @param exception whether these addresses are <em>not</em> in the set although a larger network of
 *     it holds them; only in sets of type {@code hash:net}
 */
public record SetMember(Cidr network, @Nullable Protocol protocol, int port, boolean exception) {

    /**
     * Checks that the parts fit each other.
     *
     * @throws IllegalArgumentException naming the part that does not
     */
    public SetMember {
        boolean hasPort = protocol != null;
        if (hasPort ? port < 1 || port > 65535 : port != 0) {
            throw new IllegalArgumentException(
                    "%s,%s:%d: a port from 1 to 65535 belongs to a protocol"
                            .formatted(network, protocol, port));
        }
        if (exception && hasPort) {
            throw new IllegalArgumentException(
                    network + ": only networks without a port can be exceptions");
        }
    }

    /** One address. */
    public static SetMember of(InetAddress address) {
        return of(Cidr.ofHost(address));
    }

    /** A network. */
    public static SetMember of(Cidr network) {
        return new SetMember(network, null, 0, false);
    }

    /** A port of an address. */
    public static SetMember of(InetAddress address, Protocol protocol, int port) {
        return new SetMember(Cidr.ofHost(address), protocol, port, false);
    }

    /** A network that is cut out of a larger one. */
    public static SetMember except(Cidr network) {
        return new SetMember(network, null, 0, true);
    }

    /** The same addresses and port, in the set or cut out of it: a set holds only one of both. */
    Key key() {
        return new Key(network, protocol, port);
    }

    /** What two members of a set differ in. */
    record Key(Cidr network, @Nullable Protocol protocol, int port) {
        /** What {@code ipset} reads. */
        String text() {
            String address = network.network().getHostAddress();
            boolean host = network.prefixLength() == network.family().addressBits();
            String addresses = host ? address : address + "/" + network.prefixLength();
            return protocol == null ? addresses : addresses + "," + protocol.text() + ":" + port;
        }
    }

    /** What {@code ipset} reads behind the set's name. */
    String text() {
        return exception ? key().text() + " nomatch" : key().text();
    }

    /** The network of all addresses, which {@code ipset} does not take, as two halves. */
    List<SetMember> halves() {
        if (network.prefixLength() > 0) {
            return List.of(this);
        }
        InetAddress zero = network.network();
        byte[] high = zero.getAddress();
        high[0] = (byte) 0x80;
        List<SetMember> halves = new ArrayList<>();
        for (InetAddress start : List.of(zero, IpAddresses.of(high))) {
            halves.add(new SetMember(new Cidr(start, 1), protocol, port, exception));
        }
        return halves;
    }

    /**
     * Reads what {@code ipset save} prints behind {@code add NAME}.
     *
     * @throws IllegalArgumentException if it is of a kind that Culvert does not make
     */
    static SetMember parse(String text) {
        List<String> words = Words.split(text);
        String member = words.getFirst();
        boolean exception = words.contains("nomatch");
        int comma = member.indexOf(',');
        Cidr network = network(comma < 0 ? member : member.substring(0, comma));
        if (comma < 0) {
            return new SetMember(network, null, 0, exception);
        }
        int colon = member.indexOf(':', comma);
        if (colon < 0) {
            throw new IllegalArgumentException("'" + text + "' names no port");
        }
        return new SetMember(
                network,
                Protocol.parse(member.substring(comma + 1, colon)),
                Integer.parseInt(member.substring(colon + 1)),
                exception);
    }

    private static Cidr network(String text) {
        return text.indexOf('/') < 0 ? Cidr.ofHost(IpAddresses.parse(text)) : Cidr.parse(text);
    }
}
