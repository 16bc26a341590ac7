package dev.culvert.overlay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.linux.testing.TestNamespaces;
import dev.culvert.net.IpFamily;
import dev.culvert.overlay.packet.PacketBuilder;

/** Traffic between the pods of two nodes that must arrive whole. */
final class Paths {
    private static final int[] DATAGRAMS = {1, 2, 100, 1399, 4000, 60_000};

    private Paths() {}

    /** Pings of several sizes, up to the MTU and beyond, from the pod and from its node. */
    static void ping(TestNode from, TestNode to, IpFamily family) throws Exception {
        String target = to.podAddress(family).getHostAddress();
        int headers = family == IpFamily.IPV4 ? 28 : 48;
        int largest = from.podMtu() - headers;
        TestNamespaces namespaces = from.namespaces();
        for (int size : new int[] {0, 1, 56, largest}) {
            String line = "ping -c 2 -i 0.01 -W 5 -M do -s %d %s".formatted(size, target);
            namespaces.check(from.pod(), line.split(" "));
        }
        String fragments = "ping -c 2 -i 0.01 -W 5 -s 8000 " + target;
        namespaces.check(from.pod(), fragments.split(" "));
        namespaces.check(from.node(), ("ping -c 2 -i 0.01 -W 5 " + target).split(" "));
    }

    /** A TCP transfer with digests; the receiver sees the pod's own address. */
    static void tcp(TestNode from, TestNode to, IpFamily family, long length) throws Exception {
        Transfers.Transfer transfer =
                Transfers.tcp(from.pod(), to.pod(), to.podAddress(family), length);

        assertThat(transfer.received())
                .isEqualTo(
                        new Transfers.Received(
                                from.podAddress(family), transfer.sentDigest(), length));
    }

    /** Datagrams of many sizes, echoed. */
    static void udp(TestNode from, TestNode to, IpFamily family) throws Exception {
        int largest = from.podMtu() - (family == IpFamily.IPV4 ? 28 : 48);
        for (int size : DATAGRAMS) {
            echo(from, to, family, size);
        }
        echo(from, to, family, largest);
        echo(from, to, family, largest + 1);
    }

    private static void echo(TestNode from, TestNode to, IpFamily family, int size)
            throws Exception {
        byte[] payload = PacketBuilder.payload(size);
        assertThat(Transfers.udpEcho(from.pod(), to.pod(), to.podAddress(family), payload))
                .as("%d bytes over %s", size, family)
                .isEqualTo(payload);
    }
}
