package dev.culvert.agent.rules;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.agent.attachment.LocalPod;
import dev.culvert.agent.config.AgentConfig;
import dev.culvert.agent.sandbox.Attachment;
import dev.culvert.iptables.FakeKernel;
import dev.culvert.iptables.IptablesCommand;
import dev.culvert.iptables.PacketFilter;
import dev.culvert.net.IpFamily;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class FrameGuardTest {
    private static final String VETH = Attachment.hostVeth("one", "eth0");

    private final List<String> scripts = new ArrayList<>();
    private final List<Boolean> seenWhileWriting = new ArrayList<>();
    private final FrameGuard guard = new FrameGuard(this::nft, () -> {});
    private String refusal = "";

    private IptablesCommand.Result nft(List<String> words, String input) {
        if (words.contains("-f")) {
            scripts.add(input);
            seenWhileWriting.add(guard.isOwnChange(Set.of("nft")));
        }
        return new IptablesCommand.Result(refusal.isEmpty() ? 0 : 1, "", refusal);
    }

    private void apply(LocalPod... pods) throws IOException {
        RulesNode node = RenderedRules.node(AgentConfig.defaults(), "10.244.1.0/24", pods);
        guard.render(node, new PacketFilter(new FakeKernel(), EnumSet.of(IpFamily.IPV4)));
        guard.applied(node);
    }

    @Test
    void aPodThatComesChangesNoOtherAndNothingIsWrittenTwice() throws IOException {
        apply();
        apply(Pods.pod("one", "10.244.1.2"));
        apply(Pods.pod("one", "10.244.1.2"));
        assertThat(scripts).hasSize(2);
        assertThat(scripts.getFirst()).contains("delete table", "add map bridge culvert ports");
        assertThat(scripts.getLast())
                .doesNotContain("delete")
                .contains(
                        "add rule bridge culvert %s ether saddr != 0a:58:0a:f4:01:02 counter name"
                                        .formatted(VETH)
                                + " spoofed_source drop\n",
                        "add rule bridge culvert %s arp saddr ip 10.244.1.2".formatted(VETH)
                                + " arp saddr ether 0a:58:0a:f4:01:02 accept\n",
                        "add element bridge culvert ports { \"%s\" : goto %s }\n"
                                .formatted(VETH, VETH));
    }

    @Test
    void ownChangesAreToldFromOthers() throws IOException {
        assertThat(guard.isOwnChange(Set.of("nft"))).isFalse();
        apply(Pods.pod("one", "10.244.1.2"));
        assertThat(guard.isOwnChange(Set.of("nft", "firewalld"))).isFalse();
        assertThat(guard.isOwnChange(Set.of("iptables-nft-re"))).isFalse();
        guard.queueResync();
        seenWhileWriting.clear();
        apply(Pods.pod("two", "10.244.1.3"));
        assertThat(seenWhileWriting).containsExactly(true);
    }

    @Test
    void theHardwareAddressIsNotAskedForWhereItIsNotKnown() throws IOException {
        apply(new LocalPod(Pods.lease("one", "10.244.1.2"), null));
        assertThat(scripts.getLast())
                .doesNotContain(" ether saddr", "arp saddr ether")
                .contains("arp saddr ip 10.244.1.2 accept\n");
    }

    @Test
    void aKernelThatCannotIsToldAboutAndAskedAgainAtTheNextResync() throws IOException {
        refusal = "Error: Could not process rule: Operation not supported";
        apply(Pods.pod("one", "10.244.1.2"));
        apply(Pods.pod("two", "10.244.1.3"));
        assertThat(scripts).as("not in each round").hasSize(1);
        assertThat(guard.limitation()).contains("Operation not supported", "NF_TABLES_BRIDGE");
        assertThat(guard.dropped()).isEqualTo(Map.of());
        refusal = "";
        guard.queueResync();
        apply(Pods.pod("two", "10.244.1.3"));
        assertThat(guard.limitation()).isEmpty();
        assertThat(scripts.getLast()).contains("delete table", "10.244.1.3");
    }
}
