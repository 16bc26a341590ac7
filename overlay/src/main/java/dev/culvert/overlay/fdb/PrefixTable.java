package dev.culvert.overlay.fdb;

import dev.culvert.net.Cidr;
import dev.culvert.net.IpFamily;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Longest-prefix match for both address families. Immutable, any thread, no allocation in a lookup.
 *
 * <p>Each prefix length in use has a hash table with open addressing, and a lookup asks the longest
 * first. Clusters give every node a range of the same size, so that there is nearly always just one
 * table to ask, however many nodes there are.
 *
 * @param <T> what prefixes lead to
 */
public final class PrefixTable<T> {
    private final Level<T>[] ipv4;
    private final Level<T>[] ipv6;

    private PrefixTable(Level<T>[] ipv4, Level<T>[] ipv6) {
        this.ipv4 = ipv4;
        this.ipv6 = ipv6;
    }

    /** What the longest prefix that holds an IPv4 address leads to, or null. */
    public @Nullable T lookupIpv4(int address) {
        return lookup(ipv4, (long) address << 32, 0);
    }

    /** What the longest prefix that holds an IPv6 address leads to, or null. */
    public @Nullable T lookupIpv6(long high, long low) {
        return lookup(ipv6, high, low);
    }

    /** What the longest prefix that holds {@code address} leads to, or null. */
    public @Nullable T lookup(InetAddress address) {
        ByteBuffer bytes = ByteBuffer.wrap(address.getAddress());
        return bytes.remaining() == 4
                ? lookupIpv4(bytes.getInt())
                : lookupIpv6(bytes.getLong(), bytes.getLong());
    }

    private static <T> @Nullable T lookup(Level<T>[] levels, long high, long low) {
        for (Level<T> level : levels) {
            T found = level.find(high, low);
            if (found != null) {
                return found;
            }
        }
        return null;
    }

    /** Collects prefixes. One thread. */
    public static final class Builder<T> {
        private final NavigableMap<Integer, Prefixes> ipv4 =
                new TreeMap<>(Comparator.reverseOrder());
        private final NavigableMap<Integer, Prefixes> ipv6 =
                new TreeMap<>(Comparator.reverseOrder());

        /** Adds a prefix; the same one again replaces it. */
        public Builder<T> put(Cidr prefix, T value) {
            return put(prefix.network(), prefix.prefixLength(), value);
        }

        /** Adds the prefix that holds one address only. */
        public Builder<T> put(InetAddress host, T value) {
            return put(host, IpFamily.of(host).addressBits(), value);
        }

        private Builder<T> put(InetAddress network, int length, T value) {
            ByteBuffer bytes = ByteBuffer.wrap(network.getAddress());
            if (bytes.remaining() == Integer.BYTES) {
                of(ipv4, length).add((long) bytes.getInt() << 32, 0, value);
            } else {
                of(ipv6, length).add(bytes.getLong(), bytes.getLong(), value);
            }
            return this;
        }

        private static Prefixes of(Map<Integer, Prefixes> levels, int length) {
            return levels.computeIfAbsent(length, _ -> new Prefixes());
        }

        /** The table of what was put. */
        public PrefixTable<T> build() {
            return new PrefixTable<>(levels(ipv4), levels(ipv6));
        }

        @SuppressWarnings({"unchecked", "rawtypes"})
        private Level<T>[] levels(Map<Integer, Prefixes> prefixes) {
            return prefixes.entrySet().stream()
                    .map(level -> new Level<>(level.getKey(), level.getValue()))
                    .toArray(Level[]::new);
        }
    }

    /** Prefixes of one length as they were put. IPv4 addresses stand in the high half of a word. */
    private static final class Prefixes {
        private long[] words = new long[16];
        private @Nullable Object[] values = new Object[8];
        private int size;

        void add(long high, long low, Object value) {
            if (size == values.length) {
                words = Arrays.copyOf(words, 4 * size);
                values = Arrays.copyOf(values, 2 * size);
            }
            words[2 * size] = high;
            words[2 * size + 1] = low;
            values[size++] = value;
        }
    }

    /** All prefixes of one length. */
    private static final class Level<T> {
        private final long highMask;
        private final long lowMask;
        private final long[] high;
        private final long[] low;
        private final @Nullable Object[] values;
        private final int slotMask;

        Level(int length, Prefixes prefixes) {
            highMask = mask(length);
            lowMask = mask(length - Long.SIZE);
            int slots = Integer.highestOneBit(prefixes.size * 2) * 2;
            slotMask = slots - 1;
            high = new long[slots];
            low = new long[slots];
            values = new Object[slots];
            for (int i = 0; i < prefixes.size; i++) {
                insert(prefixes.words[2 * i], prefixes.words[2 * i + 1], prefixes.values[i]);
            }
        }

        private void insert(long first, long second, @Nullable Object value) {
            int slot = slot(first, second);
            while (values[slot] != null && (high[slot] != first || low[slot] != second)) {
                slot = (slot + 1) & slotMask;
            }
            high[slot] = first;
            low[slot] = second;
            values[slot] = value;
        }

        @SuppressWarnings("unchecked")
        @Nullable T find(long addressHigh, long addressLow) {
            long first = addressHigh & highMask;
            long second = addressLow & lowMask;
            int slot = slot(first, second);
            while (true) {
                Object value = values[slot];
                if (value == null || (high[slot] == first && low[slot] == second)) {
                    return (T) value;
                }
                slot = (slot + 1) & slotMask;
            }
        }

        private int slot(long first, long second) {
            long mixed = (first ^ Long.rotateLeft(second, 31)) * 0x9e37_79b9_7f4a_7c15L;
            return (int) (mixed >>> 40) & slotMask;
        }

        private static long mask(int bits) {
            if (bits <= 0) {
                return 0;
            }
            return bits >= Long.SIZE ? -1L : -1L << (Long.SIZE - bits);
        }
    }
}
