package dev.culvert.overlay.fdb;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.net.Cidr;
import dev.culvert.net.IpAddresses;
import java.net.InetAddress;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PrefixTableTest {
    private final Random random = new Random(1519);

    @ParameterizedTest
    @ValueSource(ints = {4, 16})
    void agreesWithALinearSearchOverRandomPrefixes(int addressBytes) {
        for (int round = 0; round < 50; round++) {
            Map<Cidr, String> prefixes = randomPrefixes(addressBytes, 1 + random.nextInt(200));
            PrefixTable.Builder<String> builder = new PrefixTable.Builder<>();
            prefixes.forEach(builder::put);
            PrefixTable<String> table = builder.build();

            for (int i = 0; i < 200; i++) {
                InetAddress address = randomAddress(addressBytes);
                assertThat(table.lookup(address))
                        .as("%s among %s", address, prefixes.keySet())
                        .isEqualTo(longestMatch(prefixes, address));
            }
        }
    }

    @Test
    void findsEachOf15000Nodes() {
        PrefixTable.Builder<Integer> builder = new PrefixTable.Builder<>();
        Cidr cluster = Cidr.parse("10.0.0.0/8");
        for (int node = 0; node < 15_000; node++) {
            builder.put(new Cidr(cluster.address(node * 256L), 24), node);
        }
        PrefixTable<Integer> table = builder.build();

        for (int node = 0; node < 15_000; node++) {
            assertThat(table.lookup(cluster.address(node * 256L + 7))).isEqualTo(node);
        }
        assertThat(table.lookup(cluster.address(15_000 * 256L))).isNull();
    }

    @Test
    void keepsTheFamiliesApart() {
        PrefixTable<String> table =
                new PrefixTable.Builder<String>()
                        .put(Cidr.parse("0.0.0.0/0"), "four")
                        .put(Cidr.parse("a00::/8"), "six")
                        .build();

        assertThat(table.lookup(IpAddresses.parse("10.0.0.1"))).isEqualTo("four");
        assertThat(table.lookup(IpAddresses.parse("a00::1"))).isEqualTo("six");
        assertThat(table.lookup(IpAddresses.parse("b00::1"))).isNull();
    }

    private Map<Cidr, String> randomPrefixes(int addressBytes, int count) {
        Map<Cidr, String> prefixes = new HashMap<>();
        for (int i = 0; i < count; i++) {
            int length = random.nextInt(addressBytes * 8 + 1);
            Cidr prefix = Cidr.containing(randomAddress(addressBytes), length);
            prefixes.put(prefix, prefix.toString());
        }
        return prefixes;
    }

    /** Few distinct bytes, so that prefixes nest and addresses hit them. */
    private InetAddress randomAddress(int bytes) {
        byte[] address = new byte[bytes];
        for (int i = 0; i < bytes; i++) {
            address[i] = (byte) (random.nextInt(3) * 0x55);
        }
        return IpAddresses.of(address);
    }

    private static @Nullable String longestMatch(Map<Cidr, String> prefixes, InetAddress address) {
        return prefixes.entrySet().stream()
                .filter(entry -> entry.getKey().contains(address))
                .max(Comparator.comparingInt(entry -> entry.getKey().prefixLength()))
                .map(Map.Entry::getValue)
                .orElse(null);
    }
}
