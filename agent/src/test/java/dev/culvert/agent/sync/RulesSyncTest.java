package dev.culvert.agent.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.culvert.agent.config.AgentConfig;
import dev.culvert.agent.rules.ClusterSets;
import dev.culvert.agent.rules.RulePart;
import dev.culvert.agent.rules.RulesNode;
import dev.culvert.agent.rules.SourceGuard;
import dev.culvert.agent.state.RecentChanges;
import dev.culvert.iptables.Chain;
import dev.culvert.iptables.FakeKernel;
import dev.culvert.iptables.IptablesCommand;
import dev.culvert.iptables.PacketFilter;
import dev.culvert.iptables.Rule;
import dev.culvert.iptables.TableName;
import dev.culvert.net.Cidr;
import dev.culvert.net.IpAddresses;
import dev.culvert.net.IpFamily;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class RulesSyncTest {
    private final FakeKernel kernel = new FakeKernel();
    private final AtomicLong now = new AtomicLong();
    private final Repairs repairs = new Repairs(new RecentChanges());
    private final NodePlan plan = new NodePlan(repairs);
    private final RulesSync rules =
            new RulesSync(
                    AgentConfig::defaults,
                    kernel,
                    plan,
                    List.of(RulesSyncTest::render),
                    new ProcSettings(),
                    now::get);

    @BeforeEach
    void setUp() throws IOException {
        ranges("10.244.1.0/24");
        rules.apply();
    }

    private void ranges(String... cidrs) {
        plan.set(
                new Underlay("eth0", IpAddresses.parse("192.0.2.1"), 1500),
                List.of(cidrs).stream().map(Cidr::parse).toList());
    }

    private static void render(RulesNode node, PacketFilter filter) {
        for (IpFamily family : node.families()) {
            filter.table(family, TableName.FILTER)
                    .setChain(Chain.of("CULVERT-TEST", Rule.of("-j", "ACCEPT")));
        }
    }

    private void pass(Duration time) {
        now.addAndGet(time.toNanos());
    }

    @Test
    void aRoundWithoutAChangeRunsNoProgram() throws IOException {
        assertThat(kernel.takeScripts()).anyMatch(each -> each.contains("-A CULVERT-TEST"));
        rules.queueResync();
        rules.apply();
        assertThat(kernel.runs).isEmpty();
        assertThat(rules.meter().mode()).isNotNull();
    }

    @Test
    void comparesWithTheKernelNoMoreOftenThanEveryHalfMinuteUnlessTold() throws IOException {
        kernel.runs.clear();
        pass(Duration.ofSeconds(10));
        rules.queueResync();
        rules.apply();
        assertThat(kernel.runs).isEmpty();
        assertThat(rules.disturbed()).isZero();
        rules.queueResync();
        rules.apply();
        assertThat(kernel.runs).isNotEmpty();
        kernel.runs.clear();
        pass(Duration.ofSeconds(30));
        rules.queueResync();
        rules.apply();
        assertThat(kernel.runs).isNotEmpty();
    }

    @Test
    void manyDisturbancesAreLookedAtOnceASecond() throws IOException {
        kernel.runs.clear();
        assertThat(rules.disturbed()).isBetween(1L, 1001L);
        rules.queueResync();
        rules.apply();
        assertThat(kernel.runs).isEmpty();
        pass(Duration.ofMillis(1001));
        rules.queueResync();
        rules.apply();
        assertThat(kernel.runs).isNotEmpty();
    }

    @Test
    void aFamilyThatTheNodeHasNoMoreLosesItsRulesAndTheOtherIsNotTouched() throws IOException {
        ranges("10.244.1.0/24", "fd00:1::/64");
        rules.apply();
        kernel.runs.clear();
        ranges("fd00:1::/64");
        rules.apply();
        assertThat(kernel.runs)
                .anyMatch(run -> run.startsWith("iptables-") && run.contains("-X CULVERT-TEST"));
        assertThat(kernel.runs)
                .filteredOn(run -> run.startsWith("ip6tables-"))
                .isNotEmpty()
                .noneMatch(run -> run.contains("CULVERT-TEST"));
    }

    @Test
    void aKernelThatCannotAskForBridgePortsGetsTheOtherRulesAndIsToldAbout() throws IOException {
        SourceGuard sources = new SourceGuard();
        FakeKernel lacking = new FakeKernel();
        RulesSync others =
                new RulesSync(
                        AgentConfig::defaults,
                        (words, input) ->
                                input.contains("physdev")
                                        ? new IptablesCommand.Result(
                                                4,
                                                "",
                                                "Warning: Extension physdev revision 0 not"
                                                        + " supported, missing kernel module?")
                                        : lacking.run(words, input),
                        plan,
                        List.of(new ClusterSets(), sources, RulesSyncTest::render),
                        new ProcSettings(),
                        now::get);
        others.apply();
        assertThat(lacking.takeScripts())
                .anyMatch(each -> each.contains("-A CULVERT-TEST"))
                .anyMatch(each -> each.contains("-A CULVERT-SOURCE -p udp -m udp --dport 4789"))
                .noneMatch(each -> each.contains("physdev"));
        assertThat(sources.limitation()).contains("xt_physdev");
        others.apply();
        assertThat(sources.doesWithout("line 3, '-m physdev'")).as("nothing is left").isFalse();
    }

    @Test
    void whileAPartDoesNotKnowNothingIsWrittenAndOnlyWhatIsThereIsInForce() throws IOException {
        kernel.runs.clear();
        Undecided part = new Undecided();
        RulesSync next = with(part);
        next.apply();
        assertThat(next.isInForce()).as("rules of the agent before").isTrue();
        assertThat(kernel.takeScripts()).isEmpty();

        FakeKernel empty = new FakeKernel();
        RulesSync first = with(part, empty);
        first.apply();
        assertThat(first.isInForce()).as("a node that has just booted").isFalse();
        assertThat(empty.takeScripts()).isEmpty();
        part.known = true;
        first.apply();
        assertThat(first.isInForce()).isTrue();
        assertThat(empty.takeScripts()).anyMatch(each -> each.contains("-A CULVERT-TEST"));
    }

    @Test
    void aFamilyThatTheNodeGetsBeforeAllIsKnownLeavesTheRulesOfTheAgentBefore() throws IOException {
        Undecided part = new Undecided();
        RulesSync next = with(part);
        next.apply();
        kernel.runs.clear();
        ranges("10.244.1.0/24", "fd00:1::/64");
        next.apply();
        assertThat(next.isInForce()).isTrue();
        assertThat(kernel.takeScripts()).isEmpty();
    }

    private RulesSync with(RulePart part) {
        return with(part, kernel);
    }

    private RulesSync with(RulePart part, FakeKernel where) {
        return new RulesSync(
                AgentConfig::defaults, where, plan, List.of(part), new ProcSettings(), now::get);
    }

    /** Does not know what should be before it is told. */
    private static final class Undecided implements RulePart {
        private boolean known;

        @Override
        public void render(RulesNode node, PacketFilter filter) {
            RulesSyncTest.render(node, filter);
        }

        @Override
        public boolean isKnown() {
            return known;
        }
    }

    @Test
    void saysWhatIsMissing() {
        RulesSync without =
                new RulesSync(
                        AgentConfig::defaults,
                        (words, _) -> {
                            throw new IOException(words.getFirst() + " cannot be run");
                        },
                        plan,
                        List.of(RulesSyncTest::render),
                        new ProcSettings(),
                        now::get);
        assertThatThrownBy(without::apply).hasMessageContaining("cannot be run");
    }
}
