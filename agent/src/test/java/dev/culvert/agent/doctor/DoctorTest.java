package dev.culvert.agent.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.agent.config.AgentConfig;
import dev.culvert.agent.status.PingReport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A machine of files, sound at first. */
final class DoctorTest {
    private static final String SOCKETS =
            """
              sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
               1: 00000000:%s 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 %s 2 0 0
            """;

    @TempDir private Path root;
    private Machine machine;

    @BeforeEach
    void buildASoundMachine() throws IOException {
        machine = new Machine(root);
        write("proc/sys/kernel/osrelease", "6.18.0-test\n");
        write("dev/net/tun", "");
        write("proc/self/status", "Name:\tjava\nCapEff:\t000001ffffffffff\n");
        write("proc/self/mounts", "proc /proc/sys proc rw,nosuid 0 0\n");
        write("proc/sys/net/ipv4/ip_forward", "1\n");
        write("proc/sys/net/ipv4/conf/all/rp_filter", "0\n");
        write("proc/sys/net/ipv4/conf/culvert.tun/rp_filter", "2\n");
        write("proc/sys/net/bridge/bridge-nf-call-iptables", "1\n");
        write("proc/sys/net/netfilter/nf_conntrack_max", "1000\n");
        write("proc/sys/net/netfilter/nf_conntrack_count", "10\n");
        write("sys/module/ip_set/refcnt", "1");
        write("etc/cni/net.d/10-culvert.conflist", "{}");
    }

    private void write(String name, String text) throws IOException {
        Path file = root.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }

    private List<Finding> examine() {
        return Doctor.examine(machine, Doctor.checks(AgentConfig.defaults()));
    }

    private Finding found(String check) {
        return examine().stream()
                .filter(each -> each.check().equals(check))
                .findFirst()
                .orElseThrow();
    }

    /** The kernel gives such a number in one piece, and only to who asks for enough at once. */
    @Test
    void readsKernelParametersOfSeveralDigitsWhole() {
        Machine here = new Machine(Path.of("/"));
        String threads = here.read("/proc/sys/kernel/threads-max").orElseThrow();
        assertThat(threads).hasSizeGreaterThan(2).containsOnlyDigits();
    }

    @Test
    void findsNothingOnASoundMachine() {
        assertThat(examine()).allMatch(each -> each.level().equals("ok")).hasSize(14);
    }

    @Test
    void everythingButOkHasARemedyOrCouldNotBeLookedAt() throws IOException {
        try (Stream<Path> files = Files.walk(root.resolve("proc"))) {
            files.sorted(Comparator.reverseOrder())
                    .forEach(file -> assertThat(file.toFile().delete()).isTrue());
        }
        assertThat(examine())
                .anyMatch(Finding::isProblem)
                .allMatch(
                        each ->
                                each.level().equals("ok")
                                        || each.level().equals("unchecked")
                                        || !each.remedy().isEmpty());
    }

    @Test
    void knowsWhatEachKernelLacks() throws IOException {
        write("proc/sys/kernel/osrelease", "4.19.0\n");
        assertThat(found("kernel").isProblem()).isTrue();
        write("proc/sys/kernel/osrelease", "6.1.0-18-amd64\n");
        assertThat(found("kernel").level()).isEqualTo("warning");
    }

    @Test
    void missesCapabilities() throws IOException {
        write("proc/self/status", "CapEff:\t0000000000001000\n");
        assertThat(found("capabilities").text()).isEqualTo("missing: SYS_ADMIN, NET_RAW");
    }

    @Test
    void seesParametersThatStandInTheWay() throws IOException {
        write("proc/sys/net/ipv4/ip_forward", "0\n");
        assertThat(found("forwarding").isProblem()).isTrue();
        write("proc/sys/net/ipv4/conf/culvert.tun/rp_filter", "0\n");
        write("proc/sys/net/ipv4/conf/all/rp_filter", "1\n");
        assertThat(found("rp_filter").isProblem()).isTrue();
        write("proc/sys/net/bridge/bridge-nf-call-iptables", "0\n");
        assertThat(found("br_netfilter").level()).isEqualTo("warning");
        write("proc/self/mounts", "proc /proc/sys proc nosuid,ro 0 0\n");
        assertThat(found("parameters").level()).isEqualTo("warning");
        write("proc/sys/net/netfilter/nf_conntrack_count", "950\n");
        assertThat(found("conntrack").isProblem()).isTrue();
    }

    @Test
    void seesBothVariantsOfIptables() throws IOException {
        write("proc/net/ip_tables_names", "nat\nfilter\n");
        assertThat(found("iptables").text()).isEqualTo("only iptables-legacy is in use");
        write("sys/module/nft_compat/refcnt", "1");
        assertThat(found("iptables").level()).isEqualTo("warning");
        assertThat(found("iptables").text()).contains("nat, filter");
    }

    @Test
    void seesANetworkThatComesFirst() throws IOException {
        write("etc/cni/net.d/.05-hidden.conflist", "{}");
        write("etc/cni/net.d/05-other.conflist.bak", "{}");
        assertThat(found("cni").level()).isEqualTo("ok");
        write("etc/cni/net.d/05-other.conf", "{}");
        assertThat(found("cni").text())
                .isEqualTo(
                        "the runtime takes /etc/cni/net.d/05-other.conf, which is not Culvert's");
    }

    @Test
    void seesWhoHoldsAPort() throws IOException {
        write("proc/net/udp", SOCKETS.formatted("12B5", "4711"));
        assertThat(found("port 4789/udp").level()).isEqualTo("unchecked");
        Path descriptors = Files.createDirectories(root.resolve("proc/77/fd"));
        Files.createSymbolicLink(descriptors.resolve("5"), Path.of("socket:[4711]"));
        write("proc/77/cmdline", "/usr/bin/vxland\0--fast\0");
        assertThat(found("port 4789/udp").isProblem()).isTrue();
        assertThat(found("port 4789/udp").text())
                .isEqualTo("held by process 77 (/usr/bin/vxland --fast)");
        write("proc/77/cmdline", "java\0-jar\0/opt/culvert/culvert.jar\0agent\0");
        assertThat(found("port 4789/udp").level()).isEqualTo("ok");
        write("proc/net/udp", SOCKETS.formatted("12B5", "0"));
        assertThat(found("port 4789/udp").text()).contains("the kernel holds it");
    }

    @Test
    void comparesTheClockWithTheApiServers() {
        Clock clock = Clock.fixed(Instant.parse("2026-01-01T00:01:00Z"), ZoneOffset.UTC);
        assertThat(clock("Thu, 01 Jan 2026 00:00:59 GMT", clock).level()).isEqualTo("ok");
        assertThat(clock("Thu, 01 Jan 2026 00:00:00 GMT", clock).isProblem()).isTrue();
        assertThat(clock("", clock).level()).isEqualTo("unchecked");
        assertThat(clock("yesterday", clock).level()).isEqualTo("unchecked");
    }

    private Finding clock(String date, Clock clock) {
        return new ClockCheck(() -> date, clock).look(machine).getFirst();
    }

    @Test
    void doesWithoutAnAgent() {
        Check check =
                new AgentCheck(
                        () -> {
                            throw new IOException("no agent answers");
                        });
        assertThat(check.look(machine))
                .containsExactly(Finding.unchecked("agent", "no agent answers"));
    }

    @Test
    void asksAFewPeersForTheLargestPacketThatPasses() {
        List<String> asked = new ArrayList<>();
        List<String> up = IntStream.range(0, 90).mapToObj(i -> "node" + i).toList();
        Check check =
                new PathMtuCheck(
                        () -> up,
                        node -> {
                            asked.add(node);
                            return passing(node, node.equals("node30") ? 1372 : 1450);
                        });
        assertThat(check.look(machine))
                .singleElement()
                .satisfies(finding -> assertThat(finding.isProblem()).isTrue())
                .extracting(Finding::text)
                .isEqualTo("to node30 pass at most 1372 bytes of the 1450 that pods may send");
        assertThat(asked).containsExactly("node0", "node30", "node60");
    }

    @Test
    void isContentWithAPathThatCarriesThePodsPackets() {
        assertThat(
                        new PathMtuCheck(() -> List.of("node1"), node -> passing(node, 1450))
                                .look(machine))
                .containsExactly(Finding.ok("path MTU", "packets of 1450 bytes reach node1"));
        assertThat(new PathMtuCheck(List::of, node -> passing(node, 1450)).look(machine))
                .containsExactly(Finding.unchecked("path MTU", "no other node is up"));
    }

    private static PingReport passing(String node, int largest) {
        return new PingReport(node, "10.244.2.0", 88, List.of(), largest, 1450);
    }
}
