package dev.culvert.agent.state;

import dev.culvert.net.Cidr;
import dev.culvert.net.IpFamily;
import java.nio.ByteBuffer;
import java.util.EnumMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Ranges of which no two overlap, with the nodes that have them, in order. One thread. */
final class ClaimedRanges {
    private final Map<IpFamily, NavigableMap<Start, Claim>> claims = new EnumMap<>(IpFamily.class);

    ClaimedRanges() {
        for (IpFamily family : IpFamily.values()) {
            claims.put(family, new TreeMap<>());
        }
    }

    /** A range and the name of its node. */
    record Claim(Cidr cidr, String node) {}

    /** The first address of a range. */
    private record Start(long high, long low) implements Comparable<Start> {
        static Start of(Cidr cidr) {
            ByteBuffer bytes = ByteBuffer.wrap(cidr.network().getAddress());
            return bytes.remaining() == Integer.BYTES
                    ? new Start(0, Integer.toUnsignedLong(bytes.getInt()))
                    : new Start(bytes.getLong(), bytes.getLong());
        }

        @Override
        public int compareTo(Start other) {
            int byHigh = Long.compareUnsigned(high, other.high);
            return byHigh != 0 ? byHigh : Long.compareUnsigned(low, other.low);
        }
    }

    /** One that shares addresses with {@code cidr}, or null: its neighbours are the candidates. */
    @Nullable Claim overlapping(Cidr cidr) {
        NavigableMap<Start, Claim> sorted = of(cidr);
        Start start = Start.of(cidr);
        Map.Entry<Start, Claim> before = sorted.floorEntry(start);
        if (before != null && before.getValue().cidr().overlaps(cidr)) {
            return before.getValue();
        }
        Map.Entry<Start, Claim> after = sorted.higherEntry(start);
        return after != null && after.getValue().cidr().overlaps(cidr) ? after.getValue() : null;
    }

    /** Adds one that overlaps none. */
    void add(Cidr cidr, String node) {
        of(cidr).put(Start.of(cidr), new Claim(cidr, node));
    }

    private NavigableMap<Start, Claim> of(Cidr cidr) {
        NavigableMap<Start, Claim> sorted = claims.get(cidr.family());
        if (sorted == null) {
            throw new IllegalArgumentException("no such family: " + cidr);
        }
        return sorted;
    }
}
