package dev.culvert.iptables;

import dev.culvert.net.Cidr;
import dev.culvert.net.IpFamily;
import dev.culvert.net.MacAddress;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Puts a {@link Rule} together: conditions, all of which must hold, then one of the closing methods
 * ({@link #accept}, {@link #jump}, …) that says what happens and gives the rule. One thread.
 */
public final class RuleBuilder {
    /** {@code IFNAMSIZ} less the final zero. */
    private static final int INTERFACE_LENGTH = 15;

    private final List<String> words = new ArrayList<>();
    private @Nullable Protocol protocol;
    private String comment = "";

    RuleBuilder() {}

    /** From this network. */
    public RuleBuilder source(Cidr network) {
        return add("-s", network.toString());
    }

    /** From anywhere but this network. */
    public RuleBuilder notSource(Cidr network) {
        return add("!", "-s", network.toString());
    }

    /** To this network. */
    public RuleBuilder destination(Cidr network) {
        return add("-d", network.toString());
    }

    /** To anywhere but this network. */
    public RuleBuilder notDestination(Cidr network) {
        return add("!", "-d", network.toString());
    }

    /** Came in by this interface; {@code +} at the end stands for any ending. */
    public RuleBuilder inInterface(String name) {
        return add("-i", checkInterface(name));
    }

    /** Came in by another interface, or was made here. */
    public RuleBuilder notInInterface(String name) {
        return add("!", "-i", checkInterface(name));
    }

    /** Goes out by this interface; {@code +} at the end stands for any ending. */
    public RuleBuilder outInterface(String name) {
        return add("-o", checkInterface(name));
    }

    /** Goes out by another interface, or stays here. */
    public RuleBuilder notOutInterface(String name) {
        return add("!", "-o", checkInterface(name));
    }

    /** Came into the bridge by this port; the packet is bridged or came from a bridge. */
    public RuleBuilder inBridgePort(String name) {
        return add("-m", "physdev", "--physdev-in", checkInterface(name));
    }

    /** Leaves the bridge by this port; only for packets that are bridged. */
    public RuleBuilder outBridgePort(String name) {
        return add("-m", "physdev", "--physdev-is-bridged", "--physdev-out", checkInterface(name));
    }

    /** Of this protocol; needed before ports. */
    public RuleBuilder protocol(Protocol value) {
        protocol = value;
        return add("-p", value.text(), "-m", value.text());
    }

    /** From this port. */
    public RuleBuilder sourcePort(int port) {
        requireProtocol();
        return add("--sport", checkPort(port));
    }

    /** To this port. */
    public RuleBuilder destinationPort(int port) {
        requireProtocol();
        return add("--dport", checkPort(port));
    }

    /** To a port of this range, both ends included. */
    public RuleBuilder destinationPorts(int first, int last) {
        requireProtocol();
        if (first > last) {
            throw new IllegalArgumentException(
                    "the range of ports %d to %d is empty".formatted(first, last));
        }
        return add("--dport", checkPort(first) + ":" + checkPort(last));
    }

    /** Source address in this set, which is of type {@code hash:ip} or {@code hash:net}. */
    public RuleBuilder sourceInSet(String set) {
        return inSet(set, "src");
    }

    /** Source address not in this set. */
    public RuleBuilder sourceNotInSet(String set) {
        return notInSet(set, "src");
    }

    /** Destination address in this set, which is of type {@code hash:ip} or {@code hash:net}. */
    public RuleBuilder destinationInSet(String set) {
        return inSet(set, "dst");
    }

    /** Destination address not in this set. */
    public RuleBuilder destinationNotInSet(String set) {
        return notInSet(set, "dst");
    }

    /**
     * In this set, compared as {@code fields} says: {@code src} or {@code dst} for each field of
     * the set, as in {@code dst,dst} for address and port.
     */
    public RuleBuilder inSet(String set, String fields) {
        return add("-m", "set", "--match-set", Names.checkSet(set), fields);
    }

    /** Not in this set, see {@link #inSet}. */
    public RuleBuilder notInSet(String set, String fields) {
        return add("-m", "set", "!", "--match-set", Names.checkSet(set), fields);
    }

    /** The bits of {@code mask} in the packet's mark are those of {@code value}. */
    public RuleBuilder mark(int value, int mask) {
        return add("-m", "mark", "--mark", bits(value, mask));
    }

    /** The bits of {@code mask} in the packet's mark are not those of {@code value}. */
    public RuleBuilder notMark(int value, int mask) {
        return add("-m", "mark", "!", "--mark", bits(value, mask));
    }

    /** The connection is in one of these states, such as {@code ESTABLISHED}. */
    public RuleBuilder connectionState(String... states) {
        return add("-m", "conntrack", "--ctstate", String.join(",", states));
    }

    /** The destination is an address of this node. */
    public RuleBuilder destinationLocal() {
        return add("-m", "addrtype", "--dst-type", "LOCAL");
    }

    /** The source is an address of this node. */
    public RuleBuilder sourceLocal() {
        return add("-m", "addrtype", "--src-type", "LOCAL");
    }

    /** Came from another Ethernet address than this. */
    public RuleBuilder notSourceMac(MacAddress mac) {
        return add("-m", "mac", "!", "--mac-source", mac.toString());
    }

    /** Any other condition, in the words of the programs. */
    public RuleBuilder match(String... conditions) {
        return add(conditions);
    }

    /** For people; characters that need quoting become underscores. */
    public RuleBuilder comment(String text) {
        comment = text;
        return this;
    }

    /** It passes. */
    public Rule accept() {
        return target("ACCEPT");
    }

    /** It vanishes. */
    public Rule drop() {
        return target("DROP");
    }

    /** It vanishes, and the sender is told so. */
    public Rule reject() {
        return target("REJECT");
    }

    /** It goes on behind the rule that led to this chain. */
    public Rule goBack() {
        return target("RETURN");
    }

    /** It goes through another chain and comes back if nothing there decides. */
    public Rule jump(String chain) {
        return target(Names.checkChain(chain));
    }

    /** It goes through another chain and never comes back to this one. */
    public Rule goTo(String chain) {
        return close("-g", Names.checkChain(chain));
    }

    /** It gets the mark's bits of {@code mask} set to {@code value}. */
    public Rule setMark(int value, int mask) {
        return target("MARK", "--set-xmark", bits(value, mask));
    }

    /** It gets the node's address as its source, with a random port if asked for. */
    public Rule masquerade(boolean randomFully) {
        return randomFully ? target("MASQUERADE", "--random-fully") : target("MASQUERADE");
    }

    /** Its destination becomes this address and port. */
    public Rule translateDestination(InetAddress address, int port) {
        requireProtocol();
        String host = address.getHostAddress();
        String literal = IpFamily.of(address) == IpFamily.IPV6 ? "[" + host + "]" : host;
        return target("DNAT", "--to-destination", literal + ":" + checkPort(port));
    }

    /** Any other target, in the words of the programs. */
    public Rule target(String name, String... options) {
        add("-j", name);
        add(options);
        return new Rule(words, comment);
    }

    /** Nothing happens to it; the rule counts. */
    public Rule count() {
        return new Rule(words, comment);
    }

    private Rule close(String... last) {
        add(last);
        return new Rule(words, comment);
    }

    private RuleBuilder add(String... more) {
        words.addAll(List.of(more));
        return this;
    }

    private void requireProtocol() {
        if (protocol == null) {
            throw new IllegalStateException("a rule about ports needs its protocol first");
        }
    }

    private static String bits(int value, int mask) {
        return "0x%x/0x%x".formatted(value, mask);
    }

    private static String checkPort(int port) {
        if (port < 1 || port > 65535) {
            throw new IllegalArgumentException("port " + port + " must be from 1 to 65535");
        }
        return Integer.toString(port);
    }

    private static String checkInterface(String name) {
        boolean odd = name.chars().anyMatch(c -> c <= ' ' || c > '~' || c == '/' || c == '"');
        if (name.isEmpty() || odd || name.length() > INTERFACE_LENGTH) {
            throw new IllegalArgumentException("'" + name + "' is no name of an interface");
        }
        return name;
    }
}
