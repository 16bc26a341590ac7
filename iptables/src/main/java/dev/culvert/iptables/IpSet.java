package dev.culvert.iptables;

import dev.culvert.net.IpFamily;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * A set of addresses, networks or ports that rules can ask for at the price of one look-up.
 * Immutable, any thread.
 *
 * @param name begins with {@code CULVERT-}, at most 31 characters; one name for one family and
 *     type, ever
 * @param type what its members are
 * @param family of its addresses
 * @param members in any order; the network of all addresses becomes two halves
 * @see <a href="https://ipset.netfilter.org/ipset.man.html">ipset(8)</a>
 */
public record IpSet(String name, Type type, IpFamily family, Set<SetMember> members) {
    /** What the members of a set are. */
    public enum Type {
        /** Addresses. */
        IP("hash:ip"),
        /** Networks of any length, and exceptions from them. */
        NET("hash:net"),
        /** Ports of addresses. */
        IP_PORT("hash:ip,port");

        private final String text;

        Type(String text) {
            this.text = text;
        }

        /** The name that {@code ipset} uses. */
        public String text() {
            return text;
        }
    }

    /**
     * Checks the name and each member.
     *
     * @throws IllegalArgumentException naming the name or member that does not fit
     */
    public IpSet {
        Names.checkOurSet(name);
        Set<SetMember> halved = new LinkedHashSet<>();
        for (SetMember member : members) {
            check(name, type, family, member);
            halved.addAll(type == Type.NET ? member.halves() : Set.of(member));
        }
        members = Set.copyOf(halved);
    }

    static void check(String name, Type type, IpFamily family, SetMember member) {
        boolean host = member.network().prefixLength() == family.addressBits();
        boolean fits =
                switch (type) {
                    case IP -> host && member.protocol() == null && !member.exception();
                    case NET -> member.protocol() == null;
                    case IP_PORT -> host && member.protocol() != null;
                };
        if (!fits || member.network().family() != family) {
            throw new IllegalArgumentException(
                    "'%s' cannot be a member of %s, a set of type %s and family %s"
                            .formatted(member.text(), name, type.text(), family));
        }
    }
}
