package dev.culvert.agent.policy;

import dev.culvert.iptables.Chain;
import dev.culvert.iptables.Rule;
import dev.culvert.net.Cidr;
import dev.culvert.net.IpAddresses;
import dev.culvert.net.IpFamily;
import java.math.BigInteger;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Chains that lead a packet to the chain of its pod by the bits of the pod's address, so that it
 * passes a few rules however many pods there are. A packet of no such pod comes back. Pure, any
 * thread.
 */
final class AddressTree {
    /** So many addresses stand in one chain. */
    private static final int FEW = 4;

    /** So many bits a chain tells apart. */
    private static final int STRIDE = 2;

    private final Direction direction;
    private final IpFamily family;
    private final List<Chain> chains = new ArrayList<>();

    private AddressTree(Direction direction, IpFamily family) {
        this.direction = direction;
        this.family = family;
    }

    /**
     * The chains, the one to begin with last; none if there are no addresses.
     *
     * @param targets the chain of each address, all of one family
     */
    static List<Chain> chains(
            Direction direction, IpFamily family, Map<InetAddress, String> targets) {
        AddressTree tree = new AddressTree(direction, family);
        SortedMap<BigInteger, String> sorted = new TreeMap<>();
        targets.forEach(
                (address, chain) -> sorted.put(new BigInteger(1, address.getAddress()), chain));
        if (!sorted.isEmpty()) {
            tree.chain(rootName(direction), sorted);
        }
        return tree.chains;
    }

    /** The chain to begin with. */
    static String rootName(Direction direction) {
        return direction == Direction.INGRESS ? "CULVERT-TO" : "CULVERT-FROM";
    }

    private void chain(String name, SortedMap<BigInteger, String> targets) {
        List<Rule> rules = new ArrayList<>();
        if (targets.size() <= FEW) {
            targets.forEach((address, chain) -> rules.add(leaf(address, chain)));
        } else {
            parts(targets).forEach((network, part) -> branch(network, part, rules));
        }
        chains.add(new Chain(name, rules));
    }

    private void branch(Cidr network, SortedMap<BigInteger, String> part, List<Rule> rules) {
        if (part.size() == 1) {
            part.forEach((address, chain) -> rules.add(leaf(address, chain)));
            return;
        }
        String name = rootName(direction) + "-" + Identities.hash(network.toString()).substring(1);
        chain(name, part);
        Cidr narrow = common(part);
        rules.add(
                direction == Direction.INGRESS
                        ? Rule.matching().destination(narrow).goTo(name)
                        : Rule.matching().source(narrow).goTo(name));
    }

    /** By the first bits in which any two differ. */
    private Map<Cidr, SortedMap<BigInteger, String>> parts(SortedMap<BigInteger, String> targets) {
        int length =
                Math.min(
                        common(targets).prefixLength() / STRIDE * STRIDE + STRIDE,
                        family.addressBits());
        Map<Cidr, SortedMap<BigInteger, String>> parts = new LinkedHashMap<>();
        targets.forEach(
                (number, chain) ->
                        parts.computeIfAbsent(
                                        Cidr.containing(address(number), length),
                                        _ -> new TreeMap<>())
                                .put(number, chain));
        return parts;
    }

    /** The smallest network that holds all of them. */
    private Cidr common(SortedMap<BigInteger, String> targets) {
        int differing = targets.firstKey().xor(targets.lastKey()).bitLength();
        return Cidr.containing(address(targets.firstKey()), family.addressBits() - differing);
    }

    /** A pod always reaches itself, so that does not go to the chain. */
    private Rule leaf(BigInteger number, String chain) {
        Cidr pod = Cidr.ofHost(address(number));
        return direction == Direction.INGRESS
                ? Rule.matching().notSource(pod).destination(pod).goTo(chain)
                : Rule.matching().source(pod).notDestination(pod).goTo(chain);
    }

    private InetAddress address(BigInteger number) {
        byte[] bytes = new byte[family.addressBytes()];
        byte[] digits = number.toByteArray();
        int count = Math.min(digits.length, bytes.length);
        System.arraycopy(digits, digits.length - count, bytes, bytes.length - count, count);
        return IpAddresses.of(bytes);
    }
}
