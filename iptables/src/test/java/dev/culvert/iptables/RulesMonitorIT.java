package dev.culvert.iptables;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.net.IpFamily;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

final class RulesMonitorIT {
    private final BlockingQueue<Set<String>> heard = new LinkedBlockingQueue<>();

    @Test
    void hearsOthersButNotTheDriver() throws Exception {
        try (FilterNode node = FilterNode.create(IptablesMode.NFT).withHint();
                RulesMonitor monitor = node.namespace().call(() -> RulesMonitor.open(heard::add))) {
            monitor.start();
            PacketFilter filter = new PacketFilter(node.command(), EnumSet.allOf(IpFamily.class));
            for (IpFamily family : IpFamily.values()) {
                Table table = filter.table(family, TableName.FILTER);
                table.setChain(Chain.of("CULVERT-X", Rule.of("-j", "ACCEPT")));
                table.setRules("FORWARD", Place.FIRST, List.of(Rule.matching().jump("CULVERT-X")));
            }
            filter.apply();
            by(node, "iptables-nft", "-F", "FORWARD");
            assertThat(heard.poll(60, TimeUnit.SECONDS)).containsExactly("iptables-nft");
            filter.queueResync();
            assertThat(filter.apply().repaired()).containsExactly("chain FORWARD of table filter");
            by(node, "ip6tables-nft", "-F", "FORWARD");
            assertThat(heard.poll(60, TimeUnit.SECONDS)).containsExactly("ip6tables-nft");
        }
    }

    private static void by(FilterNode node, String... words) throws Exception {
        node.namespaces().check(node.namespace(), words);
    }

    @Test
    void survivesMoreNotificationsThanFit() throws Exception {
        try (FilterNode node = FilterNode.create(IptablesMode.NFT).withHint();
                RulesMonitor monitor = node.namespace().call(() -> RulesMonitor.open(heard::add))) {
            String rules = "-A OTHERS -p tcp -m tcp --dport 80 -j RETURN\n".repeat(500);
            for (int i = 0; i < 60; i++) {
                node.restore(IpFamily.IPV4, "*filter\n:OTHERS - [0:0]\n" + rules + "COMMIT\n");
            }
            monitor.start();
            assertThat(heard.poll(60, TimeUnit.SECONDS)).containsExactly(RulesMonitor.UNKNOWN);
            by(node, "iptables-nft", "-A", "FORWARD", "-j", "OTHERS");
            assertThat(heard.poll(60, TimeUnit.SECONDS)).containsExactly("iptables-nft");
        }
    }

    @Test
    void closesTwiceAndWithoutAStart() throws Exception {
        try (FilterNode node = FilterNode.create(IptablesMode.NFT)) {
            RulesMonitor monitor = node.namespace().call(() -> RulesMonitor.open(heard::add));
            monitor.close();
            monitor.close();
            assertThat(heard).isEmpty();
        }
    }

    @Test
    void endsWhenItsListenerClosesIt() throws Exception {
        CompletableFuture<RulesMonitor> itself = new CompletableFuture<>();
        CompletableFuture<Thread> thread = new CompletableFuture<>();
        try (FilterNode node = FilterNode.create(IptablesMode.NFT);
                RulesMonitor monitor =
                        node.namespace()
                                .call(
                                        () ->
                                                RulesMonitor.open(
                                                        _ -> {
                                                            itself.join().close();
                                                            thread.complete(Thread.currentThread());
                                                        }))) {
            itself.complete(monitor);
            monitor.start();
            by(node, "iptables-nft", "-N", "OTHERS");
            assertThat(thread.get(60, TimeUnit.SECONDS).join(Duration.ofSeconds(60))).isTrue();
        }
    }
}
