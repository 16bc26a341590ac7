package dev.culvert.agent.handover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Claims of one process stand for those of several: the JVM keeps its own table of locks, by which
 * they exclude each other as processes do.
 */
final class NodeClaimTest {
    private static final Duration SHORT = Duration.ofMillis(1);

    @TempDir private Path runDir;
    private final List<NodeClaim> claims = new ArrayList<>();

    private NodeClaim claim(String revision, String pod) {
        return claim(revision, pod, Clock.systemUTC());
    }

    private NodeClaim claim(String revision, String pod, Clock clock) {
        AgentIdentity self = new AgentIdentity(revision, pod);
        NodeClaim claim = new NodeClaim(runDir, self, clock, Duration.ofSeconds(30));
        claims.add(claim);
        return claim;
    }

    @AfterEach
    void close() throws Exception {
        for (NodeClaim each : claims) {
            each.free();
        }
    }

    private static void refuse(AgentIdentity by) throws IOException {
        throw new IOException("not to " + by);
    }

    private static CompletableFuture<Boolean> take(NodeClaim claim, NodeClaim.Request request) {
        CompletableFuture<Boolean> taken = new CompletableFuture<>();
        Thread.ofPlatform()
                .daemon()
                .start(
                        () -> {
                            try {
                                taken.complete(claim.take(request));
                            } catch (IOException | InterruptedException e) {
                                taken.completeExceptionally(e);
                            }
                        });
        return taken;
    }

    /** The first agent has the node, the second one asks for it and is given it. */
    private CompletableFuture<Boolean> handOver(NodeClaim first, NodeClaim second)
            throws Exception {
        CompletableFuture<Boolean> taken = take(second, first::request);
        AgentIdentity by = first.awaitRequest(Duration.ofSeconds(30));
        assertThat(by).isEqualTo(second.self());
        first.handOver();
        return taken;
    }

    @Test
    void anAgentThatIsNoReplacementDoesNotStartBesideAnother() throws Exception {
        assertThat(claim("", "").take(NodeClaimTest::refuse)).isTrue();
        assertThatThrownBy(() -> claim("", "").take(NodeClaimTest::refuse))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("another agent serves this node")
                .hasMessageContaining(runDir.resolve("agent.lock").toString());
    }

    @Test
    void aReplacementIsGivenTheNodeAndTheOldAgentHasItBackWhenThatEnds() throws Exception {
        NodeClaim old = claim("one", "pod-1");
        assertThat(old.take(NodeClaimTest::refuse)).isTrue();
        assertThat(old.awaitRequest(SHORT)).isNull();
        NodeClaim replacement = claim("two", "pod-2");
        assertThat(handOver(old, replacement).get()).isTrue();

        CompletableFuture<Boolean> back = take(old, NodeClaimTest::refuse);
        await().until(replacement::isAwaited);
        assertThat(back).isNotDone();
        assertThat(replacement.probed("two")).isEqualTo(NodeClaim.Probed.THIS);
        assertThat(replacement.probed("")).isEqualTo(NodeClaim.Probed.THIS);
        assertThat(replacement.probed("one")).isEqualTo(NodeClaim.Probed.EARLIER);
        assertThat(replacement.probed("three")).isEqualTo(NodeClaim.Probed.OTHER);

        replacement.free();
        assertThat(back.get()).isTrue();
        assertThat(old.isAwaited()).isFalse();
        assertThat(old.probed("two")).isEqualTo(NodeClaim.Probed.OTHER);
        assertThat(Files.readAllLines(runDir.resolve("agents")))
                .hasSize(2)
                .first()
                .isEqualTo("served one pod-1");
    }

    @Test
    void anAgentThatFailedDoesNotAskAgainSoon() throws Exception {
        NodeClaim old = claim("one", "pod-1");
        assertThat(old.take(NodeClaimTest::refuse)).isTrue();
        NodeClaim broken = claim("two", "pod-2");
        assertThat(handOver(old, broken).get()).isTrue();
        CompletableFuture<Boolean> back = take(old, NodeClaimTest::refuse);
        await().until(broken::isAwaited);
        broken.free();
        assertThat(back.get()).isTrue();

        CompletableFuture<Boolean> again = take(claim("two", "pod-2"), old::request);
        CompletableFuture<Boolean> third = take(claim("two", "pod-3"), old::request);
        AgentIdentity by = old.awaitRequest(Duration.ofSeconds(30));
        assertThat(by).isEqualTo(new AgentIdentity("two", "pod-3"));
        assertThat(again).isNotDone();
        assertThat(third).isNotDone();

        Clock later = Clock.offset(Clock.systemUTC(), Duration.ofMinutes(6));
        CompletableFuture<Boolean> much = take(claim("two", "pod-2", later), old::request);
        await().until(
                        () ->
                                new AgentIdentity("two", "pod-2")
                                        .equals(old.awaitRequest(Duration.ofSeconds(1))));
        assertThat(much).isNotDone();
    }

    @Test
    void theOldAgentGoesOnIfNobodyComes() throws Exception {
        NodeClaim old =
                new NodeClaim(
                        runDir,
                        new AgentIdentity("one", "pod-1"),
                        Clock.systemUTC(),
                        Duration.ZERO);
        claims.add(old);
        assertThat(old.take(NodeClaimTest::refuse)).isTrue();
        old.request(new AgentIdentity("two", "pod-2"));
        assertThat(old.awaitRequest(SHORT)).isNotNull();
        old.handOver();
        assertThat(old.take(NodeClaimTest::refuse)).isTrue();
        assertThat(old.probed("one")).isEqualTo(NodeClaim.Probed.THIS);
    }

    @Test
    void aContainerOfTheOldPodThatStartsAnewStandsByAndDoesNotAsk() throws Exception {
        NodeClaim old = claim("one", "pod-1");
        assertThat(old.take(NodeClaimTest::refuse)).isTrue();
        NodeClaim replacement = claim("two", "pod-2");
        assertThat(handOver(old, replacement).get()).isTrue();
        old.free();
        CompletableFuture<Boolean> anew = take(claim("one", "pod-1"), replacement::request);
        await().until(replacement::isAwaited);
        assertThat(replacement.awaitRequest(SHORT)).isNull();
        assertThat(anew).isNotDone();
    }

    @Test
    void whatTheFileSaysWithoutSenseIsForgotten() throws Exception {
        Files.writeString(runDir.resolve("agents"), "served one\n\0\n");
        assertThat(claim("one", "pod-1").take(NodeClaimTest::refuse)).isTrue();
        assertThat(Files.readString(runDir.resolve("agents"))).isEqualTo("served one pod-1\n");
    }

    @Test
    void namesThatAreNoWordsAreRefused() {
        assertThatThrownBy(() -> new AgentIdentity("a b", ""))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("revision 'a b'");
    }
}
