package dev.culvert.agent.sync;

import dev.culvert.net.Cidr;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** Fewer networks that hold exactly the same addresses. Stateless. */
final class Aggregation {

    private Aggregation() {}

    /** Merges pairs of neighbours as long as there are any, and drops what others contain. */
    static List<Cidr> of(Collection<Cidr> cidrs) {
        Set<Cidr> left = new TreeSet<>(Aggregation::narrowFirst);
        left.addAll(cidrs);
        List<Cidr> done = new java.util.ArrayList<>();
        while (!left.isEmpty()) {
            Cidr cidr = left.iterator().next();
            left.remove(cidr);
            Cidr parent =
                    cidr.prefixLength() == 0
                            ? cidr
                            : Cidr.containing(cidr.network(), cidr.prefixLength() - 1);
            if (left.remove(sibling(cidr, parent))) {
                left.add(parent);
            } else if (left.stream().noneMatch(wider -> wider.contains(cidr))) {
                done.add(cidr);
            }
        }
        return done.reversed();
    }

    private static Cidr sibling(Cidr cidr, Cidr parent) {
        if (!parent.network().equals(cidr.network())) {
            return new Cidr(parent.network(), cidr.prefixLength());
        }
        return new Cidr(
                parent.address(
                        parent.size()
                                .shiftRight(1)
                                .min(parent.size().subtract(java.math.BigInteger.ONE))),
                cidr.prefixLength());
    }

    private static int narrowFirst(Cidr one, Cidr other) {
        int byLength = Integer.compare(other.prefixLength(), one.prefixLength());
        return byLength != 0
                ? byLength
                : java.util.Arrays.compareUnsigned(
                        other.network().getAddress(), one.network().getAddress());
    }
}
