package dev.culvert.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.agent.handover.AgentIdentity;
import dev.culvert.agent.handover.NodeClaim;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class AgentRunnerTest {
    private static final Map<String, String> NOT_READY =
            Map.of("overlay", "", "rules", "none were written");

    @TempDir private Path runDir;

    @Test
    void anAgentThatDoesNotGetReadyGivesTheNodeBackIfAnotherWaits() throws Exception {
        NodeClaim claim = new NodeClaim(runDir, new AgentIdentity("two", "pod-2"));
        try (FileChannel other =
                FileChannel.open(
                        runDir.resolve("standby.lock"),
                        StandardOpenOption.CREATE,
                        StandardOpenOption.WRITE)) {
            assertThat(other.tryLock()).isNotNull();
            assertThat(AgentRunner.awaitEnd(() -> NOT_READY, claim, Duration.ZERO)).isFalse();
        }
    }

    @Test
    void anAgentThatIsReadyOrNotAwaitedKeepsTheNodeUntilAnotherAsks() throws Exception {
        NodeClaim claim = new NodeClaim(runDir, new AgentIdentity("two", "pod-2"));
        assertThat(
                        claim.take(
                                by -> {
                                    throw new IOException("nobody is asked by " + by);
                                }))
                .isTrue();
        AtomicInteger asked = new AtomicInteger();
        boolean keeps =
                AgentRunner.awaitEnd(
                        () -> {
                            if (asked.incrementAndGet() == 1) {
                                claim.request(new AgentIdentity("three", "pod-3"));
                            }
                            return NOT_READY;
                        },
                        claim,
                        Duration.ZERO);
        assertThat(keeps).isTrue();
    }
}
