package dev.culvert.linux.route;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.culvert.linux.Descriptor;
import dev.culvert.linux.Errno;
import dev.culvert.linux.LinuxException;
import dev.culvert.net.Cidr;
import dev.culvert.net.IpAddresses;
import dev.culvert.net.MacAddress;
import org.junit.jupiter.api.Test;

/** What every {@link Rtnetlink} does, the kernel's and the one in memory. */
abstract class RtnetlinkContract {
    static final MacAddress BRIDGE_MAC = MacAddress.parse("02:00:00:00:00:01");
    static final MacAddress MAC = MacAddress.parse("02:00:00:00:00:02");
    static final MacAddress PEER_MAC = MacAddress.parse("02:00:00:00:00:03");

    abstract Rtnetlink rtnetlink() throws Exception;

    abstract Descriptor otherNamespace() throws Exception;

    final Link bridge() throws Exception {
        return rtnetlink().createBridge(new BridgeSpec("br0", BRIDGE_MAC, 1450));
    }

    final Link bridgeUp() throws Exception {
        Link link = bridge();
        rtnetlink().changeLink(link.index(), LinkChange.NONE.withUp(true));
        return link;
    }

    final Link veth() throws Exception {
        return rtnetlink()
                .createVeth(
                        new VethSpec("v0", MAC, "pod a", "eth0", PEER_MAC, otherNamespace(), 1400));
    }

    @Test
    void createsBridgeAsAsked() throws Exception {
        Link link = bridge();
        assertThat(link.name()).isEqualTo("br0");
        assertThat(link.kind()).isEqualTo("bridge");
        assertThat(link.mac()).isEqualTo(BRIDGE_MAC);
        assertThat(link.mtu()).isEqualTo(1450);
        assertThat(link.up()).isFalse();
        assertThat(rtnetlink().link("br0")).contains(link);
        assertThat(rtnetlink().links()).contains(link);
    }

    @Test
    void createsVethWithAlias() throws Exception {
        Link link = veth();
        assertThat(link.kind()).isEqualTo("veth");
        assertThat(link.mac()).isEqualTo(MAC);
        assertThat(link.mtu()).isEqualTo(1400);
        assertThat(link.alias()).isEqualTo("pod a");
        assertThat(link.peerIndex()).isPositive();
    }

    @Test
    void refusesNameThatIsTaken() throws Exception {
        bridge();
        assertThatExceptionOfType(LinuxException.class)
                .isThrownBy(this::bridge)
                .withMessageContaining("br0")
                .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.EEXIST));
    }

    @Test
    void knowsNoLinkThatDoesNotExist() throws Exception {
        assertThat(rtnetlink().link("nothing")).isEmpty();
    }

    @Test
    void deletesLinkTwice() throws Exception {
        Link link = bridge();
        rtnetlink().deleteLink(link.index());
        rtnetlink().deleteLink(link.index());
        assertThat(rtnetlink().link("br0")).isEmpty();
    }

    @Test
    void changesOnlyWhatIsNamed() throws Exception {
        Link bridge = bridge();
        Link veth = veth();
        rtnetlink()
                .changeLink(veth.index(), LinkChange.NONE.withUp(true).withMaster(bridge.index()));
        Link changed = rtnetlink().link("v0").orElseThrow();
        assertThat(changed.up()).isTrue();
        assertThat(changed.masterIndex()).isEqualTo(bridge.index());
        assertThat(changed.mtu()).isEqualTo(veth.mtu());
        assertThat(changed.alias()).isEqualTo(veth.alias());
        rtnetlink().changeLink(veth.index(), LinkChange.NONE.withMtu(1300).withAlias("pod b"));
        Link again = rtnetlink().link("v0").orElseThrow();
        assertThat(again.mtu()).isEqualTo(1300);
        assertThat(again.alias()).isEqualTo("pod b");
        assertThat(again.up()).isTrue();
        assertThat(again.masterIndex()).isEqualTo(bridge.index());
    }

    @Test
    void refusesToChangeLinkThatDoesNotExist() {
        assertThatExceptionOfType(LinuxException.class)
                .isThrownBy(() -> rtnetlink().changeLink(4711, LinkChange.NONE.withUp(true)))
                .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.ENODEV));
    }

    @Test
    void ensuresAndDeletesAddressesTwice() throws Exception {
        Link link = bridgeUp();
        for (String text : new String[] {"10.1.2.1", "fd00:1::1"}) {
            Address address = Address.of(link.index(), IpAddresses.parse(text), 24);
            rtnetlink().ensureAddress(address);
            rtnetlink().ensureAddress(address);
            assertThat(rtnetlink().addresses()).containsOnlyOnce(address);
            rtnetlink().deleteAddress(address);
            rtnetlink().deleteAddress(address);
            assertThat(rtnetlink().addresses()).doesNotContain(address);
        }
    }

    @Test
    void replacesRouteWithSameDestination() throws Exception {
        Link link = bridgeUp();
        Route route = Route.to(Cidr.parse("10.9.0.0/16"), link.index());
        rtnetlink().ensureRoute(route);
        rtnetlink().ensureRoute(route.withMtu(1300));
        assertThat(rtnetlink().routes()).contains(route.withMtu(1300)).doesNotContain(route);
        rtnetlink().deleteRoute(route);
        rtnetlink().deleteRoute(route);
        assertThat(rtnetlink().routes()).doesNotContain(route.withMtu(1300));
    }

    @Test
    void refusesRouteOverLinkThatIsDown() throws Exception {
        Link link = bridge();
        assertThatExceptionOfType(LinuxException.class)
                .isThrownBy(
                        () ->
                                rtnetlink()
                                        .ensureRoute(
                                                Route.to(Cidr.parse("10.9.0.0/16"), link.index())))
                .withMessageContaining("10.9.0.0/16")
                .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.ENETDOWN));
    }

    @Test
    void givesIpv6RoutesTheDefaultPriority() throws Exception {
        Link link = bridgeUp();
        Cidr destination = Cidr.parse("fd00:9::/64");
        rtnetlink().ensureRoute(Route.to(destination, link.index()));
        assertThat(rtnetlink().routes())
                .filteredOn(route -> route.destination().equals(destination))
                .singleElement()
                .satisfies(route -> assertThat(route.priority()).isEqualTo(1024));
        rtnetlink().deleteRoute(Route.to(destination, link.index()));
        assertThat(rtnetlink().routes())
                .noneMatch(route -> route.destination().equals(destination));
    }

    @Test
    void replacesAndDeletesNeighbors() throws Exception {
        Link link = bridgeUp();
        for (String text : new String[] {"10.1.2.9", "fd00:1::9"}) {
            var address = IpAddresses.parse(text);
            Neighbor neighbor = new Neighbor(link.index(), address, MAC, true);
            Neighbor moved = new Neighbor(link.index(), address, PEER_MAC, true);
            rtnetlink().ensureNeighbor(neighbor);
            rtnetlink().ensureNeighbor(moved);
            assertThat(rtnetlink().neighbors()).contains(moved).doesNotContain(neighbor);
            rtnetlink().deleteNeighbor(moved);
            rtnetlink().deleteNeighbor(moved);
            assertThat(rtnetlink().neighbors()).doesNotContain(moved);
        }
    }

    @Test
    void limitsTheRateOfALinkAndChangesIt() throws Exception {
        Link link = veth();
        assertThat(rtnetlink().rateLimit(link.index())).isEmpty();
        rtnetlink().limitRate(link.index(), new RateLimit(125_000, 10_000, 64_000));
        assertThat(rtnetlink().rateLimit(link.index())).hasValue(125_000);
        rtnetlink().limitRate(link.index(), new RateLimit(5_000_000_000L, 1 << 20, 1 << 24));
        assertThat(rtnetlink().rateLimit(link.index())).hasValue(5_000_000_000L);
        assertThat(rtnetlink().rateLimit(bridge().index())).isEmpty();
    }

    @Test
    void refusesToLimitALinkThatDoesNotExist() {
        assertThatExceptionOfType(LinuxException.class)
                .isThrownBy(() -> rtnetlink().limitRate(4711, new RateLimit(1000, 2000, 3000)))
                .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.ENODEV));
    }
}
