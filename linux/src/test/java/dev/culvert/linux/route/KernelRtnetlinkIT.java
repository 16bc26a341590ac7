package dev.culvert.linux.route;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.culvert.linux.Descriptor;
import dev.culvert.linux.Errno;
import dev.culvert.linux.LinuxException;
import dev.culvert.linux.netns.NetworkNamespace;
import dev.culvert.linux.testing.TestNamespaces;
import dev.culvert.net.Cidr;
import dev.culvert.net.IpAddresses;
import java.net.InetAddress;
import java.util.EnumSet;
import java.util.Set;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class KernelRtnetlinkIT extends RtnetlinkContract {
    private TestNamespaces namespaces;
    private NetworkNamespace here;
    private NetworkNamespace there;
    private KernelRtnetlink kernel;

    @BeforeEach
    void makeNamespaces() throws Exception {
        namespaces = TestNamespaces.assumePermitted();
        here = namespaces.create();
        there = namespaces.create();
        kernel = namespaces.rtnetlink(here);
    }

    @AfterEach
    void removeNamespaces() throws Exception {
        if (namespaces != null) {
            namespaces.close();
        }
    }

    @Override
    Rtnetlink rtnetlink() {
        return kernel;
    }

    @Override
    Descriptor otherNamespace() {
        return there.descriptor();
    }

    private String ip(String... arguments) throws Exception {
        String[] command = new String[arguments.length + 3];
        command[0] = "ip";
        command[1] = "-d";
        command[2] = "-j";
        System.arraycopy(arguments, 0, command, 3, arguments.length);
        return namespaces.check(here, command);
    }

    @Test
    void putsPeerIntoItsNamespace() throws Exception {
        Link near = veth();
        Link far = namespaces.rtnetlink(there).link("eth0").orElseThrow();
        assertThat(far.mac()).isEqualTo(PEER_MAC);
        assertThat(far.mtu()).isEqualTo(1400);
        assertThat(near.peerIndex()).isEqualTo(far.index());
        assertThat(ip("link", "show", "v0")).contains("\"ifalias\":\"pod a\"");
    }

    @Test
    void setsPropertiesThatLinkDoesNotReport() throws Exception {
        Link bridge = bridge();
        Link veth = veth();
        kernel.changeLink(veth.index(), LinkChange.NONE.withMaster(bridge.index()));
        kernel.changeLink(
                veth.index(),
                LinkChange.NONE
                        .withHairpin(true)
                        .withTransmitQueueLength(77)
                        .withGsoMaxSize(32000));
        assertThat(ip("link", "show", "v0"))
                .contains("\"hairpin\":true", "\"txqlen\":77", "\"gso_max_size\":32000");
    }

    @Test
    void setsEveryPropertyOfRoute() throws Exception {
        Link link = bridgeUp();
        kernel.ensureAddress(Address.of(link.index(), IpAddresses.parse("10.1.2.1"), 24));
        Route route =
                new Route(
                        Cidr.parse("10.7.0.0/16"),
                        link.index(),
                        IpAddresses.parse("192.0.2.1"),
                        IpAddresses.parse("10.1.2.1"),
                        1380,
                        Route.PROTOCOL_CULVERT,
                        1000,
                        50,
                        true);
        kernel.ensureRoute(route);
        assertThat(ip("route", "show", "table", "1000"))
                .contains(
                        "\"dst\":\"10.7.0.0/16\"",
                        "\"gateway\":\"192.0.2.1\"",
                        "\"prefsrc\":\"10.1.2.1\"",
                        "\"mtu\":1380",
                        "\"protocol\":\"86\"",
                        "\"metric\":50",
                        "\"onlink\"");
        assertThat(kernel.routes()).contains(route);
    }

    @Test
    void asksTheKernelForItsDecision() throws Exception {
        Link link = bridgeUp();
        kernel.ensureAddress(Address.of(link.index(), IpAddresses.parse("10.1.2.1"), 24));
        kernel.ensureAddress(Address.of(link.index(), IpAddresses.parse("fd00:1::1"), 64));
        InetAddress gateway = IpAddresses.parse("10.1.2.254");
        kernel.ensureRoute(
                Route.to(Cidr.parse("10.9.0.0/16"), link.index()).via(gateway).withMtu(1300));
        RouteDecision routed = decision("10.9.1.1");
        assertThat(routed.local()).isFalse();
        assertThat(routed.linkIndex()).isEqualTo(link.index());
        assertThat(routed.gateway()).isEqualTo(gateway);
        assertThat(routed.source()).isEqualTo(IpAddresses.parse("10.1.2.1"));
        assertThat(routed.mtu()).isEqualTo(1300);
        assertThat(decision("fd00:1::9").linkIndex()).isEqualTo(link.index());
        assertThat(decision("10.1.2.1").local()).isTrue();
        assertThatExceptionOfType(LinuxException.class)
                .isThrownBy(() -> decision("10.77.0.1"))
                .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.ENETUNREACH));
        // A packet from the bridge with an address of the node itself is not believed.
        assertThatExceptionOfType(LinuxException.class)
                .isThrownBy(
                        () ->
                                kernel.lookup(
                                        new RouteQuery(
                                                IpAddresses.parse("10.9.1.1"),
                                                IpAddresses.parse("10.1.2.1"),
                                                link.index())));
    }

    private RouteDecision decision(String destination) throws Exception {
        return kernel.lookup(RouteQuery.fromHere(IpAddresses.parse(destination)));
    }

    @Test
    void makesIpv6AddressUsableAtOnce() throws Exception {
        Link link = bridgeUp();
        kernel.ensureAddress(Address.of(link.index(), IpAddresses.parse("fd00:1::1"), 64));
        assertThat(ip("addr", "show", "br0"))
                .contains("\"nodad\":true")
                .doesNotContain("noprefixroute");
    }

    @Test
    void limitsByATokenBucketAtTheRoot() throws Exception {
        Link link = veth();
        kernel.limitRate(link.index(), new RateLimit(125_000, 10_000, 64_000));
        assertThat(namespaces.check(here, "tc", "-j", "qdisc", "show", "dev", "v0"))
                .contains("\"kind\":\"tbf\"", "\"root\":true", "\"rate\":125000")
                .containsPattern("\"burst\":(9999|10000)")
                .containsPattern("\"(lat|limit)\":");
    }

    @Test
    void readsTwoThousandRoutes() throws Exception {
        Link link = bridgeUp();
        for (int i = 0; i < 2000; i++) {
            kernel.ensureRoute(
                    Route.to(
                            Cidr.parse("10.%d.%d.0/24".formatted(100 + i / 250, i % 250)),
                            link.index()));
        }
        assertThat(kernel.routes())
                .filteredOn(route -> route.protocol() == Route.PROTOCOL_CULVERT)
                .hasSize(2000)
                .doesNotHaveDuplicates();
    }

    @Test
    void reportsChangesUntilClosed() throws Exception {
        Set<LinkMonitor.Change> seen = EnumSet.noneOf(LinkMonitor.Change.class);
        try (LinkMonitor monitor =
                here.call(
                        () ->
                                LinkMonitor.open(
                                        changes -> {
                                            synchronized (seen) {
                                                seen.addAll(changes);
                                            }
                                        }))) {
            monitor.start();
            Link link = bridgeUp();
            kernel.ensureAddress(Address.of(link.index(), IpAddresses.parse("10.1.2.1"), 24));
            Awaitility.await()
                    .untilAsserted(
                            () -> {
                                synchronized (seen) {
                                    assertThat(seen)
                                            .contains(
                                                    LinkMonitor.Change.LINK,
                                                    LinkMonitor.Change.ADDRESS,
                                                    LinkMonitor.Change.ROUTE);
                                }
                            });
        }
    }
}
