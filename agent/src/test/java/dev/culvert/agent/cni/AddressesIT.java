package dev.culvert.agent.cni;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.culvert.agent.ipam.AddressLease;
import dev.culvert.linux.netns.NetworkNamespace;
import dev.culvert.net.Cidr;
import dev.culvert.net.IpAddresses;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Addresses of pods from their ADD to their end: real executable, server and namespaces. */
final class AddressesIT {
    private static final Cidr RANGE = Cidr.parse("10.244.1.0/24");
    private static final Cidr RANGE6 = Cidr.parse("fd00:1::/64");

    @TempDir Path run;

    private CniNode node;

    @BeforeEach
    void makeANode() throws Exception {
        node = new CniNode(run);
    }

    @AfterEach
    void close() {
        node.close();
    }

    private CniCaller start(Cidr... ranges) throws Exception {
        node.withRanges(ranges).start();
        return node.runtime();
    }

    private NetworkNamespace sandbox() throws Exception {
        return node.namespaces().create();
    }

    private static List<String> added(CniCaller.Outcome outcome) {
        assertThat(outcome.status()).as(outcome.stdout()).isZero();
        return outcome.addresses();
    }

    private String inside(NetworkNamespace pod, String... command) throws Exception {
        return node.namespaces().check(pod, command);
    }

    /** The interface may need a moment for its carrier, which costs one packet. */
    private void ping(NetworkNamespace from, String address) throws Exception {
        inside(from, "ping", "-n", "-c", "5", "-i", "0.2", "-W", "10", address);
    }

    @Test
    void saysThatARangeIsExhaustedUntilAnAddressIsFree() throws Exception {
        Cidr tiny = Cidr.parse("10.244.1.0/29");
        CniCaller runtime = start(tiny, RANGE6);
        for (int i = 0; i < 5; i++) {
            assertThat(runtime.status().status()).isZero();
            added(runtime.add("pod" + i, sandbox()));
        }
        String sentence = "no address is free in 10.244.1.0/29: all 5 are in use";
        CniCaller.Outcome status = runtime.status();
        assertThat(status.code()).isEqualTo(50);
        assertThat(status.stdout()).contains(sentence);
        CniCaller.Outcome refused = runtime.add("late", sandbox());
        assertThat(refused.code()).isEqualTo(102);
        assertThat(refused.stdout()).contains(sentence);

        assertThat(runtime.del("pod3").status()).isZero();
        assertThat(runtime.status().status()).isZero();
        assertThat(added(runtime.add("late", sandbox()))).first().isEqualTo("10.244.1.5");
    }

    @Test
    void freesTheLeaseOfAPodWhoseNamespaceWasRemovedUnderUs() throws Exception {
        CniCaller runtime = start(RANGE);
        NetworkNamespace doomed = NetworkNamespace.create();
        String address = added(runtime.add("doomed", doomed)).getFirst();
        added(runtime.add("stays", sandbox()));
        node.knows(Set.of(IpAddresses.parse(address)));
        doomed.close();
        await().atMost(Duration.ofSeconds(60)).until(() -> node.linkNames().size() == 3);

        CniService service = node.service();
        for (int i = 0; i < 3; i++) {
            service.reconcile();
        }
        assertThat(service.leases()).as("Kubernetes knows the pod").hasSize(2);
        node.knows(Set.of());
        service.reconcile();
        assertThat(service.leases()).hasSize(2);
        service.reconcile();
        assertThat(service.leases())
                .extracting(lease -> lease.endpoint().containerId())
                .containsExactly("stays");
        assertThat(node.repairs("freed")).isEqualTo(1);
        assertThat(runtime.del("doomed").status()).isZero();
    }

    @Test
    void givesTheNewSandboxOfAPodAddressesOfItsOwn() throws Exception {
        CniCaller runtime = start(RANGE);
        NetworkNamespace old = sandbox();
        NetworkNamespace fresh = sandbox();
        List<String> before = added(runtime.add("old", old));
        List<String> after = added(runtime.add("fresh", fresh));
        assertThat(after).doesNotContainAnyElementsOf(before);
        assertThat(runtime.del("old").status()).isZero();
        ping(fresh, "10.244.1.1");
        assertThat(node.linkNames()).hasSize(3);
    }

    @Test
    void keepsLeasesOverARestartAndLetsFreedAddressesRest() throws Exception {
        CniCaller runtime = start(RANGE, RANGE6);
        added(runtime.add("one", sandbox()));
        List<String> freed = added(runtime.add("two", sandbox()));
        assertThat(runtime.del("two").status()).isZero();
        node.stop();
        CniService service = node.start();
        assertThat(service.leases()).extracting(AddressLease::toString).hasSize(1);
        assertThat(added(runtime.add("three", sandbox()))).doesNotContainAnyElementsOf(freed);
    }

    @Test
    void ipv6AddressesWorkAtOnce() throws Exception {
        CniCaller runtime = start(RANGE6);
        NetworkNamespace one = sandbox();
        NetworkNamespace two = sandbox();
        assertThat(added(runtime.add("one", one))).containsExactly("fd00:1:0:0:0:0:0:2");
        assertThat(inside(one, "ip", "-6", "addr", "show", "dev", "eth0"))
                .contains("fd00:1::2/64")
                .doesNotContain("tentative");
        ping(one, "fd00:1::1");
        added(runtime.add("two", two));
        ping(two, "fd00:1::2");
        ping(node.namespace(), "fd00:1::3");
        assertThat(inside(one, "sysctl", "-n", "net.ipv6.conf.eth0.accept_ra")).isEqualTo("0\n");
        assertThat(inside(one, "ip", "-4", "addr", "show", "dev", "eth0")).isEmpty();
    }

    @Test
    void switchesIpv6OnWhereTheRuntimeSwitchedItOff() throws Exception {
        CniCaller runtime = start(RANGE, RANGE6);
        NetworkNamespace pod = sandbox();
        for (String each : List.of("all", "default", "lo")) {
            inside(pod, "sysctl", "-w", "net.ipv6.conf." + each + ".disable_ipv6=1");
        }
        assertThat(added(runtime.add("one", pod)))
                .containsExactly("10.244.1.2", "fd00:1:0:0:0:0:0:2");
        ping(pod, "fd00:1::1");
        ping(pod, "10.244.1.1");
        ping(pod, "::1");
    }
}
