package dev.culvert.agent.attachment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.culvert.agent.ipam.Endpoint;
import dev.culvert.iptables.Protocol;
import dev.culvert.net.IpAddresses;
import dev.culvert.net.MacAddress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AttachmentTableTest {
    private static final Endpoint ONE = new Endpoint("one", "eth0");
    private static final Endpoint TWO = new Endpoint("two", "eth0");

    @TempDir Path directory;
    private Path file;
    private AttachmentTable table;

    @BeforeEach
    void setUp() {
        file = directory.resolve("attachments");
        table = new AttachmentTable(file, "boot-1\n");
    }

    private static PodAttachment attachment(Endpoint endpoint, PortMapping... ports) {
        return new PodAttachment(
                endpoint,
                "default/web " + endpoint.containerId(),
                endpoint.equals(ONE) ? "7f2c-1" : "",
                MacAddress.parse("0a:58:0a:f4:01:02"),
                List.of(ports));
    }

    private static PortMapping tcp(int hostPort, @Nullable String on) {
        return new PortMapping(
                Protocol.TCP, hostPort, 80, on == null ? null : IpAddresses.parse(on));
    }

    @Test
    void outlivesTheAgentButNotTheMachine() throws Exception {
        PodAttachment one = attachment(ONE, tcp(80, null), tcp(81, "fd00::1"));
        table.add(one, Set.of(ONE));
        AttachmentTable restarted = new AttachmentTable(file, "boot-1");
        restarted.load();
        assertThat(restarted.of(ONE)).contains(one);
        AttachmentTable rebooted = new AttachmentTable(file, "boot-2");
        rebooted.load();
        assertThat(rebooted.of(ONE)).isEmpty();
    }

    @Test
    void twoPodsCannotHaveOnePort() throws Exception {
        table.add(attachment(ONE, tcp(80, null)), Set.of(ONE));
        PodAttachment two = attachment(TWO, tcp(81, null), tcp(80, "192.0.2.1"));
        assertThatThrownBy(() -> table.add(two, Set.of(ONE, TWO)))
                .isInstanceOf(PortTakenException.class)
                .hasMessage(
                        "tcp port 80 of 192.0.2.1 of this node leads to pod default/web one"
                                + " already");
        assertThat(table.of(TWO)).isEmpty();
        assertThat(table.of(ONE)).isPresent();
        table.remove(ONE);
        table.add(two, Set.of(TWO));
    }

    @Test
    void whoHasNoLeaseAnyMoreHoldsNoPort() throws Exception {
        table.add(attachment(ONE, tcp(80, null)), Set.of(ONE));
        table.add(attachment(TWO, tcp(80, null)), Set.of(TWO));
        assertThat(table.of(ONE)).isEmpty();
    }

    @Test
    void anUnreadableLineCostsNoMoreThanItself() throws IOException {
        Files.writeString(
                file,
                "boot boot-1\nnonsense\none eth0 0a:58:0a:f4:01:02 icmp/1/1/ p\n"
                        + attachment(TWO).line()
                        + "\n");
        table.load();
        assertThat(table.of(ONE)).isEmpty();
        assertThat(table.of(TWO)).contains(attachment(TWO));
    }

    @ParameterizedTest
    @CsvSource({
        "'', '', true",
        "'', 192.0.2.1, true",
        "192.0.2.1, 192.0.2.1, true",
        "192.0.2.1, 192.0.2.2, false",
        "0.0.0.0, 192.0.2.2, true",
        "0.0.0.0, ::, false",
        "::, fd00::1, true"
    })
    void addressesDecideWhetherTwoPortsClash(String one, String other, boolean clash) {
        PortMapping first = tcp(80, one.isEmpty() ? null : one);
        PortMapping second = tcp(80, other.isEmpty() ? null : other);
        assertThat(first.clashesWith(second)).isEqualTo(clash);
        assertThat(second.clashesWith(first)).isEqualTo(clash);
        assertThat(first.clashesWith(new PortMapping(Protocol.UDP, 80, 80, null))).isFalse();
        assertThat(first.clashesWith(tcp(81, null))).isFalse();
    }
}
