package dev.culvert.agent.ipam;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.culvert.net.Cidr;
import dev.culvert.net.IpAddresses;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class AddressPoolTest {

    private static AddressPool pool(String range) {
        return new AddressPool(Cidr.parse(range), List.of(), List.of());
    }

    @Test
    void handsOutEveryAddressButNetworkGatewayAndBroadcast() throws Exception {
        AddressPool pool = pool("10.244.1.0/29");
        List<String> taken = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            taken.add(pool.take().getHostAddress());
        }
        assertThat(taken)
                .containsExactly(
                        "10.244.1.2", "10.244.1.3", "10.244.1.4", "10.244.1.5", "10.244.1.6");
        assertThatThrownBy(pool::take)
                .isInstanceOf(PoolExhaustedException.class)
                .hasMessage("no address is free in 10.244.1.0/29: all 5 are in use");
    }

    @Test
    void letsAFreedAddressRest() throws Exception {
        AddressPool pool = pool("10.244.1.0/29");
        InetAddress first = pool.take();
        pool.release(first);
        assertThat(pool.take()).isNotEqualTo(first);
    }

    @ParameterizedTest
    @ValueSource(strings = {"10.244.1.0/31", "10.244.1.1/32", "fd00::/127", "fd00::1/128"})
    void saysThatATinyRangeIsTooSmall(String range) {
        assertThatThrownBy(() -> pool(range).take())
                .isInstanceOf(PoolExhaustedException.class)
                .hasMessage(
                        "the pod range "
                                + Cidr.parse(range)
                                + " is too small to hold an address for a pod");
    }

    @Test
    void usesTheLastAddressOfAnIpv6Range() throws Exception {
        AddressPool pool = pool("fd00::/126");
        assertThat(pool.capacity()).isEqualTo(2);
        assertThat(List.of(pool.take(), pool.take()))
                .containsExactly(IpAddresses.parse("fd00::2"), IpAddresses.parse("fd00::3"));
    }

    @Test
    void copesWithAHugeIpv6Range() throws Exception {
        AddressPool pool =
                new AddressPool(
                        Cidr.parse("fd00::/48"),
                        List.of(IpAddresses.parse("fd00:0:0:ffff::1")),
                        List.of());
        assertThat(pool.take()).isEqualTo(IpAddresses.parse("fd00::2"));
    }

    @Test
    void neverGivesAnAddressTwiceWhateverIsReleased() throws Exception {
        Random random = new Random(42);
        AddressPool pool = pool("10.244.1.0/26");
        Set<InetAddress> held = new HashSet<>();
        for (int i = 0; i < 5_000; i++) {
            if (held.size() < pool.capacity() && (held.isEmpty() || random.nextInt(5) > 1)) {
                assertThat(held.add(pool.take())).isTrue();
            } else {
                InetAddress gone =
                        held.stream().skip(random.nextInt(held.size())).findFirst().get();
                held.remove(gone);
                pool.release(gone);
            }
            assertThat(pool.inUse()).isEqualTo(held.size());
        }
    }

    @Test
    void doesNotGiveWhatWasHeldBefore() throws Exception {
        AddressPool pool =
                new AddressPool(
                        Cidr.parse("10.244.1.0/29"),
                        List.of(
                                IpAddresses.parse("10.244.1.2"),
                                IpAddresses.parse("10.244.1.6"),
                                IpAddresses.parse("10.9.9.9")),
                        List.of());
        assertThat(pool.inUse()).isEqualTo(2);
        for (int i = 0; i < 3; i++) {
            assertThat(pool.take().getHostAddress()).isNotIn("10.244.1.2", "10.244.1.6");
        }
    }

    @Test
    void goesOnAfterWhatWasGivenLast() throws Exception {
        Cidr range = Cidr.parse("10.244.1.0/28");
        List<InetAddress> held = List.of(range.address(3), range.address(9));
        AddressPool pool = new AddressPool(range, held, List.of(range.address(4)));
        assertThat(pool.take()).isEqualTo(range.address(5));
        pool = new AddressPool(range, held, List.of(IpAddresses.parse("10.9.9.9")));
        assertThat(pool.take()).isEqualTo(range.address(10));
        pool = new AddressPool(range, held, List.of(range.address(14)));
        assertThat(pool.take()).isEqualTo(range.address(2));
    }

    @Test
    void knowsWhichAddressesPodsMayAskFor() {
        Cidr four = Cidr.parse("10.244.1.0/24");
        AddressPool pool = pool(four.toString());
        assertThat(pool.isForPods(four.address(0))).as("network").isFalse();
        assertThat(pool.isForPods(four.address(1))).as("gateway").isFalse();
        assertThat(pool.isForPods(four.address(2))).isTrue();
        assertThat(pool.isForPods(four.address(254))).isTrue();
        assertThat(pool.isForPods(four.address(255))).as("broadcast").isFalse();
        assertThat(pool.isForPods(IpAddresses.parse("10.244.2.2"))).isFalse();
        assertThat(pool.isForPods(IpAddresses.parse("fd00::2"))).isFalse();
        pool = pool("fd00::/64");
        assertThat(pool.isForPods(IpAddresses.parse("fd00::"))).isFalse();
        assertThat(pool.isForPods(IpAddresses.parse("fd00::1"))).isFalse();
        assertThat(pool.isForPods(IpAddresses.parse("fd00::ffff:ffff:ffff:ffff"))).isTrue();
    }

    @Test
    void anAddressThatWasAskedForDoesNotChangeTheTurn() throws Exception {
        AddressPool pool = pool("10.244.1.0/28");
        InetAddress wanted = IpAddresses.parse("10.244.1.3");
        assertThat(pool.take(wanted)).isTrue();
        assertThat(pool.take(wanted)).isFalse();
        assertThat(pool.take().getHostAddress()).isEqualTo("10.244.1.2");
        assertThat(pool.take().getHostAddress()).isEqualTo("10.244.1.4");
    }
}
