package dev.culvert.iptables;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.culvert.net.IpFamily;
import java.time.Duration;
import java.util.EnumSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** The lock that all users of iptables-legacy on a machine share. */
final class LegacyLockIT {
    private static final String LOCK = "/run/xtables.lock";
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private static boolean isRestoring(ProcessHandle process) {
        return process.info().arguments().isPresent()
                && String.join(" ", process.info().arguments().get()).contains("--noflush")
                && process.info().command().orElse("").contains("xtables-legacy");
    }

    @Test
    void waitsWhileAnotherProgramHoldsTheLock() throws Exception {
        try (FilterNode node = FilterNode.create(IptablesMode.LEGACY).withHint()) {
            PacketFilter filter = new PacketFilter(node.command(), EnumSet.of(IpFamily.IPV4));
            filter.table(IpFamily.IPV4, TableName.NAT).setChain(Chain.of("CULVERT-MASQ"));
            Process holder =
                    node.namespaces()
                            .start(
                                    node.namespace(),
                                    "flock",
                                    "-F",
                                    LOCK,
                                    "tail",
                                    "-f",
                                    "/dev/null");
            Awaitility.await().atMost(PATIENCE).until(() -> isHeld(node));
            CompletableFuture<Applied> applied =
                    CompletableFuture.supplyAsync(
                            () -> {
                                try {
                                    return filter.apply();
                                } catch (java.io.IOException e) {
                                    throw new IllegalStateException(e);
                                }
                            });
            Awaitility.await()
                    .atMost(PATIENCE)
                    .until(
                            () ->
                                    ProcessHandle.current()
                                            .descendants()
                                            .anyMatch(LegacyLockIT::isRestoring));
            assertThat(applied).isNotDone();
            holder.destroyForcibly().waitFor();
            assertThat(applied.get(PATIENCE.toSeconds(), TimeUnit.SECONDS).lines()).isEqualTo(3);
        }
    }

    private static boolean isHeld(FilterNode node) throws Exception {
        return node.namespaces().run(node.namespace(), "flock", "-n", LOCK, "true").status() != 0;
    }

    @Test
    void whatTheProgramSaysOfAHeldLockIsUnderstood() throws Exception {
        try (FilterNode node = FilterNode.create(IptablesMode.LEGACY).withHint()) {
            node.namespaces()
                    .start(node.namespace(), "flock", "-F", LOCK, "tail", "-f", "/dev/null");
            Awaitility.await().atMost(PATIENCE).until(() -> isHeld(node));
            IptablesCommand impatient =
                    (words, input) ->
                            node.command()
                                    .run(
                                            words.stream()
                                                    .map(word -> word.equals("10") ? "1" : word)
                                                    .toList(),
                                            input);
            PacketFilter filter = new PacketFilter(impatient, EnumSet.of(IpFamily.IPV4));
            filter.table(IpFamily.IPV4, TableName.NAT).setChain(Chain.of("CULVERT-MASQ"));
            assertThatThrownBy(filter::apply)
                    .hasMessageContaining("held the lock /run/xtables.lock");
        }
    }
}
