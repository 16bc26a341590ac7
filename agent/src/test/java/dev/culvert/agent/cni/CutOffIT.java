package dev.culvert.agent.cni;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.agent.attachment.AttachmentTable;
import dev.culvert.agent.ipam.AddressLease;
import dev.culvert.agent.ipam.FileLeaseStore;
import dev.culvert.agent.ipam.LeaseTable;
import dev.culvert.agent.sandbox.SandboxWiring;
import dev.culvert.linux.netns.NetworkNamespace;
import dev.culvert.linux.route.KernelRtnetlink;
import dev.culvert.linux.route.Link;
import dev.culvert.net.Cidr;
import dev.culvert.net.IpAddresses;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Agents that are killed between any two steps, and what the next one makes of it. */
final class CutOffIT {
    private static final Cidr RANGE = Cidr.parse("10.244.1.0/24");
    private static final Cidr RANGE6 = Cidr.parse("fd00:1::/64");
    private static final String CONFIGURATION =
            "{\"cniVersion\":\"1.1.0\",\"name\":\"culvert\",\"type\":\"culvert-cni\"}";
    private static final int MOST_STEPS = 100;

    @TempDir Path run;

    private CniNode node;
    private NetworkNamespace pod;
    private NetworkNamespace other;
    private KernelRtnetlink inPod;

    @BeforeEach
    void makeANode() throws Exception {
        node = new CniNode(run).withRanges(RANGE, RANGE6);
        pod = node.namespaces().create();
        other = node.namespaces().create();
        inPod = node.namespaces().rtnetlink(pod);
    }

    @AfterEach
    void closeAll() {
        node.close();
    }

    private LeaseTable leases(Kill kill) throws Exception {
        String bootId = Files.readString(Path.of("/proc/sys/kernel/random/boot_id"));
        return new LeaseTable(kill.wrap(new FileLeaseStore(run.resolve("leases"), bootId)));
    }

    private AttachmentTable attachments() {
        return new AttachmentTable(run.resolve("attachments"), "boot");
    }

    private static CniRequest request(String verb, NetworkNamespace pod) {
        Map<String, String> environment = new TreeMap<>();
        environment.put("CNI_COMMAND", verb);
        environment.put("CNI_CONTAINERID", "one");
        environment.put("CNI_IFNAME", "eth0");
        environment.put("CNI_NETNS", pod.path().toString());
        return new CniRequest(new CniFraming.Message(environment, CONFIGURATION));
    }

    /** Whether it was killed. */
    private boolean addIsKilled(Kill kill) throws Exception {
        SandboxWiring wiring = new SandboxWiring(kill.wrap(node.rtnetlink()), kill.sandboxes());
        DeleteQueue deletes = new DeleteQueue(run.resolve("deletes"));
        AddHandler add =
                new AddHandler(
                        leases(kill),
                        wiring,
                        node.readiness(),
                        deletes,
                        attachments(),
                        AttachmentGate.OPEN);
        try {
            assertThat(add.handle(request("ADD", pod), pod)).contains("10.244.1.2/24");
            return false;
        } catch (Kill.Killed _) {
            return true;
        }
    }

    private List<InetAddress> addressesOfPods() throws Exception {
        return node.rtnetlink().links().stream()
                .map(link -> AddressLease.ofAlias(link.alias()))
                .flatMap(lease -> lease.stream())
                .flatMap(lease -> lease.addresses().stream())
                .toList();
    }

    private void assertThatAnotherPodGetsAddressesOfItsOwn() throws Exception {
        CniCaller.Outcome added = node.runtime().add("two", other);
        assertThat(added.status()).as(added.stdout()).isZero();
        assertThat(added.addresses()).hasSize(2);
        assertThat(addressesOfPods())
                .doesNotHaveDuplicates()
                .contains(IpAddresses.parse(added.addresses().getFirst()));
        assertThat(node.runtime().del("two").status()).isZero();
    }

    private void assertNothingIsLeft() throws Exception {
        assertThat(node.linkNames()).containsExactly("lo", "culvert0");
        assertThat(inPod.links()).extracting(Link::name).containsExactly("lo");
        assertThat(node.service().leases()).isEmpty();
        if (Files.exists(run.resolve("leases"))) {
            assertThat(run.resolve("leases")).isEmptyDirectory();
        }
    }

    @Test
    void anAddThatIsKilledAtAnyStepLeavesNothing() throws Exception {
        Kill kill = new Kill(0);
        boolean answered = false;
        for (int steps = 0; !answered; steps++) {
            assertThat(steps).isLessThan(MOST_STEPS);
            kill = new Kill(steps);
            answered = !addIsKilled(kill);
            var _ = node.start();
            assertThat(node.service().leases())
                    .as("after " + kill.done())
                    .hasSize(kill.done().contains("remove") ? 1 : 0);
            assertThatAnotherPodGetsAddressesOfItsOwn();
            assertThat(node.runtime().del("one").status()).isZero();
            assertNothingIsLeft();
            node.stop();
        }
        assertThat(kill.done())
                .containsSubsequence("put", "createVeth", "alias", "sysctl", "ensureAddress")
                .containsSubsequence("ensureNeighbor", "ensureRoute", "changeLink", "remove");
    }

    @Test
    void aDelThatIsKilledAtAnyStepLeavesAllOrNothing() throws Exception {
        Kill kill = new Kill(0);
        boolean answered = false;
        for (int steps = 0; !answered; steps++) {
            assertThat(steps).isLessThan(MOST_STEPS);
            assertThat(addIsKilled(new Kill(MOST_STEPS))).isFalse();
            kill = new Kill(steps);
            SandboxWiring wiring = new SandboxWiring(kill.wrap(node.rtnetlink()), kill.sandboxes());
            try {
                new DelHandler(leases(kill), wiring, attachments(), AttachmentGate.OPEN)
                        .handle(request("DEL", pod), null);
                answered = true;
            } catch (Kill.Killed _) {
                answered = false;
            }
            var _ = node.start();
            assertThat(node.service().leases())
                    .as("after " + kill.done())
                    .hasSize(kill.done().contains("deleteLink") ? 0 : 1);
            assertThatAnotherPodGetsAddressesOfItsOwn();
            assertThat(node.runtime().del("one").status()).isZero();
            assertNothingIsLeft();
            node.stop();
        }
        assertThat(kill.done()).containsExactly("link", "deleteLink", "remove");
    }

    @Test
    void aStartThatIsKilledAtAnyStepIsMadeUpForByTheNext() throws Exception {
        boolean started = false;
        for (int steps = 0; !started; steps++) {
            assertThat(steps).isLessThan(MOST_STEPS);
            Kill add = new Kill(12);
            assertThat(addIsKilled(add)).isTrue();
            assertThat(add.done()).contains("alias");
            Kill kill = new Kill(steps);
            try {
                new LeaseReconciler(
                                leases(kill),
                                new SandboxWiring(kill.wrap(node.rtnetlink()), kill.sandboxes()),
                                Set::of,
                                new SimpleMeterRegistry())
                        .restore();
                started = true;
            } catch (Kill.Killed _) {
                started = false;
            }
            var _ = node.start();
            assertNothingIsLeft();
            node.stop();
        }
    }

    @Test
    void aRebootDropsWhatWasCutOff() throws Exception {
        assertThat(addIsKilled(new Kill(12))).isTrue();
        for (Link link : node.rtnetlink().links()) {
            if (link.kind().equals("veth")) {
                node.rtnetlink().deleteLink(link.index());
            }
        }
        List<Path> files;
        try (var leases = Files.list(run.resolve("leases"))) {
            files = leases.toList();
        }
        assertThat(files).hasSize(1);
        for (Path file : List.of(files.getFirst(), run.resolve("latest-addresses"))) {
            String text = Files.readString(file);
            Files.writeString(file, "boot another\n" + text.lines().toList().getLast() + "\n");
        }
        var _ = node.start();
        assertNothingIsLeft();
        assertThat(node.runtime().add("two", other).addresses()).contains("10.244.1.2");
    }
}
