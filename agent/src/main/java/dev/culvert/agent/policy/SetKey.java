package dev.culvert.agent.policy;

import dev.culvert.iptables.IpSet;
import dev.culvert.iptables.Protocol;
import dev.culvert.iptables.SetMember;
import dev.culvert.net.Cidr;
import dev.culvert.net.IpAddresses;
import java.net.InetAddress;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What the members of a set mean. A set of one name never means anything else. Immutable. */
sealed interface SetKey {

    /** The addresses of pods. */
    record Pods(PodSelection selection) implements SetKey {
        @Override
        public Stream<SetMember> members(PolicyPod pod, List<InetAddress> addresses) {
            return addresses.stream().map(SetMember::of);
        }

        @Override
        public IpSet.Type type() {
            return IpSet.Type.IP;
        }

        @Override
        public String identity() {
            return "pods " + selection.identity();
        }

        @Override
        public char letter() {
            return 'P';
        }
    }

    /**
     * The ports of a name, of pods: address, protocol and number.
     *
     * @param local whether only of pods that are attached here, as for traffic to them
     */
    record Ports(PodSelection selection, Protocol protocol, String name, boolean local)
            implements SetKey {
        @Override
        public Stream<SetMember> members(PolicyPod pod, List<InetAddress> addresses) {
            return pod.ports().stream()
                    .filter(port -> port.protocol() == protocol && port.name().equals(name))
                    .flatMap(
                            port ->
                                    addresses.stream()
                                            .map(at -> SetMember.of(at, protocol, port.port())));
        }

        @Override
        public IpSet.Type type() {
            return IpSet.Type.IP_PORT;
        }

        @Override
        public String identity() {
            String whose = local ? "local ports " : "ports ";
            return whose + protocol + " " + name + " " + selection.identity();
        }

        @Override
        public char letter() {
            return 'N';
        }
    }

    /** Addresses that a policy names itself, which never change. */
    record Block(Cidr block, List<Cidr> except) implements SetKey {
        /** Sorts the holes. */
        public Block {
            except =
                    except.stream()
                            .distinct()
                            .sorted(Comparator.comparing(Cidr::toString))
                            .toList();
        }

        private static final PodSelection NOBODY = new PodSelection("", null, LabelSelector.ALL);

        /** No pod is among them for being one. */
        @Override
        public PodSelection selection() {
            return NOBODY;
        }

        @Override
        public Stream<SetMember> members(PolicyPod pod, List<InetAddress> addresses) {
            return Stream.empty();
        }

        @Override
        public IpSet.Type type() {
            return IpSet.Type.NET;
        }

        @Override
        public String identity() {
            return "block "
                    + block
                    + except.stream().map(Cidr::toString).collect(Collectors.joining(" ", " ", ""));
        }

        @Override
        public char letter() {
            return 'B';
        }

        /**
         * The block and its holes. {@code hash:net} takes no network of all addresses; of its
         * halves those stay that are no holes themselves.
         */
        Stream<SetMember> fixed() {
            Stream<Cidr> parts = Stream.of(block);
            if (block.prefixLength() == 0) {
                byte[] high = block.network().getAddress();
                high[0] = (byte) 0x80;
                parts = Stream.of(new Cidr(block.network(), 1), new Cidr(IpAddresses.of(high), 1));
            }
            return Stream.concat(
                    parts.filter(part -> !except.contains(part)).map(SetMember::of),
                    except.stream().map(SetMember::except));
        }
    }

    /** Whose addresses or ports they are. */
    PodSelection selection();

    /** Whether only pods that are attached here are in it. */
    default boolean local() {
        return false;
    }

    /** What a chosen pod adds to it. */
    Stream<SetMember> members(PolicyPod pod, List<InetAddress> addresses);

    /** The kind of set. */
    IpSet.Type type();

    /** What tells it from all others, the same after a restart. */
    String identity();

    /** Shows people the kind of set in its name. */
    char letter();
}
