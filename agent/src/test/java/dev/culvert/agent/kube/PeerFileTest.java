package dev.culvert.agent.kube;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.culvert.agent.state.ClusterEvent;
import dev.culvert.agent.state.NodeInfo;
import dev.culvert.agent.state.VtepAnnouncement;
import dev.culvert.net.IpAddresses;
import dev.culvert.net.MacAddress;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PeerFileTest {
    private static final Duration SOON = Duration.ofMillis(1);
    private static final Duration NEVER = Duration.ofHours(1);
    private static final String TEXT =
            "{\"version\":1,\"node\":\"n1\",\"nodes\":["
                    + "{\"name\":\"n1\",\"uid\":\"u1\",\"created\":\"2026-01-01T00:00:00Z\","
                    + "\"internalIPs\":[\"192.0.2.1\"],\"podCIDRs\":[\"10.244.1.0/24\"]},"
                    + "{\"name\":\"n2\",\"uid\":\"u2\",\"created\":\"2026-01-02T00:00:00Z\","
                    + "\"internalIPs\":[\"192.0.2.2\",\"2001:db8:0:0:0:0:0:2\"],"
                    + "\"podCIDRs\":[\"10.244.2.0/24\",\"fd00:2::/64\"],"
                    + "\"vtep\":\"{\\\"ip\\\":\\\"192.0.2.2\\\","
                    + "\\\"mac\\\":\\\"02:00:00:00:00:02\\\",\\\"vni\\\":1,\\\"port\\\":4789,"
                    + "\\\"protocols\\\":[\\\"vxlan\\\",\\\"vxlan-rco\\\"]}\"}]}";

    private static final NodeInfo SELF =
            new NodeInfo(
                    "n1",
                    "u1",
                    "2026-01-01T00:00:00Z",
                    List.of(IpAddresses.parse("192.0.2.1")),
                    List.of("10.244.1.0/24"),
                    null);
    private static final NodeInfo PEER =
            new NodeInfo(
                    "n2",
                    "u2",
                    "2026-01-02T00:00:00Z",
                    List.of(IpAddresses.parse("192.0.2.2"), IpAddresses.parse("2001:db8::2")),
                    List.of("10.244.2.0/24", "fd00:2::/64"),
                    new VtepAnnouncement(
                            IpAddresses.parse("192.0.2.2"),
                            MacAddress.parse("02:00:00:00:00:02"),
                            1,
                            4789,
                            true));

    @TempDir private Path directory;

    private Path path() {
        return directory.resolve("peers.json");
    }

    @Test
    void theFormIsAContract() throws IOException {
        try (PeerFile file = new PeerFile(directory, "n1", SOON)) {
            list(file, SELF, PEER);
            await().untilAsserted(() -> assertThat(path()).content().isEqualTo(TEXT));
        }
        try (PeerFile file = new PeerFile(directory, "n1", NEVER)) {
            assertThat(file.load()).containsExactly(SELF, PEER);
        }
        assertThat(directory).isDirectoryNotContaining("glob:**.tmp");
    }

    @Test
    void saysSoUntilTheApiHasAnswered() throws IOException {
        Files.writeString(path(), TEXT);
        SimpleMeterRegistry metrics = new SimpleMeterRegistry();
        try (PeerFile file = new PeerFile(directory, "n1", NEVER)) {
            file.bindTo(metrics);
            assertThat(file.warning()).isEmpty();
            file.load();
            assertThat(file.warning()).contains("until the Kubernetes API answers");
            assertThat(metrics.get("culvert.agent.peers.remembered").gauge().value()).isEqualTo(1);
            file.observe(new ClusterEvent.NodesListed());
            assertThat(file.warning()).isEmpty();
            assertThat(metrics.get("culvert.agent.peers.remembered").gauge().value()).isZero();
        }
    }

    @Test
    void nothingIsWrittenBeforeAllNodesAreListed() throws IOException {
        Files.writeString(path(), TEXT);
        try (PeerFile file = new PeerFile(directory, "n1", SOON)) {
            file.load();
            file.observe(new ClusterEvent.NodeRemoved("n2"));
        }
        assertThat(path()).content().isEqualTo(TEXT);
    }

    @Test
    void aListReplacesAllOfIt() throws IOException {
        Files.writeString(path(), TEXT);
        try (PeerFile file = new PeerFile(directory, "n1", NEVER)) {
            file.load();
            file.observe(new ClusterEvent.NodeRemoved("n2"));
            file.observe(new ClusterEvent.NodesListed());
        }
        try (PeerFile file = new PeerFile(directory, "n1", NEVER)) {
            assertThat(file.load()).containsExactly(SELF);
        }
    }

    @Test
    void manyChangesAreOneWriteAndTheLastIsWrittenAtTheEnd() throws IOException {
        try (PeerFile file = new PeerFile(directory, "n1", NEVER)) {
            list(file, SELF, PEER);
            for (int i = 0; i < 1000; i++) {
                file.observe(new ClusterEvent.NodeChanged(PEER));
            }
            assertThat(path()).doesNotExist();
        }
        assertThat(path()).content().isEqualTo(TEXT);
    }

    @Test
    void whatIsOfNoUseIsNotUsed() throws IOException {
        refused("");
        refused("{");
        refused("[]");
        refused(TEXT.substring(0, TEXT.length() / 2));
        refused(TEXT.replace("\"version\":1", "\"version\":2"));
        refused(TEXT.replace("\"node\":\"n1\"", "\"node\":\"n7\""));
        refused(TEXT.replace("\"name\":\"n1\"", "\"name\":\"n7\""));
        refused(TEXT.replace("\"name\":\"n2\"", "\"name\":\"\""));
        refused(TEXT.replace("\"192.0.2.1\"", "\"here\""));
        refused(TEXT.replace("vxlan\\", "geneve\\"));
    }

    @Test
    void aHugeFileIsNotRead() throws IOException {
        try (RandomAccessFile huge = new RandomAccessFile(path().toFile(), "rw")) {
            huge.setLength(PeerFile.MOST_BYTES + 1);
        }
        assertThat(load()).isEmpty();
    }

    @Test
    void unknownKeysAreLeftToLaterVersions() throws IOException {
        Files.writeString(path(), TEXT.replaceFirst("\\{", "{\"new\":[1],"));
        assertThat(load()).containsExactly(SELF, PEER);
    }

    @Test
    void aFolderThatCannotBeWrittenEndsNothing() throws IOException {
        Path notAFolder = Files.createFile(directory.resolve("file"));
        try (PeerFile file = new PeerFile(notAFolder, "n1", SOON)) {
            list(file, SELF);
        }
        assertThat(notAFolder).isEmptyFile();
    }

    private void refused(String content) throws IOException {
        Files.writeString(path(), content);
        assertThat(load()).as(content).isEmpty();
    }

    private List<NodeInfo> load() {
        try (PeerFile file = new PeerFile(directory, "n1", NEVER)) {
            List<NodeInfo> found = file.load();
            assertThat(file.warning().isEmpty()).isEqualTo(found.isEmpty());
            return found;
        }
    }

    private static void list(PeerFile file, NodeInfo... nodes) {
        for (NodeInfo node : nodes) {
            file.observe(new ClusterEvent.NodeChanged(node));
        }
        file.observe(new ClusterEvent.NodesListed());
    }
}
