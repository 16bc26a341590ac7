package dev.culvert.iptables;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.culvert.net.IpFamily;
import java.util.EnumSet;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class PacketFilterTest {
    private static final Rule JUMP = Rule.of("-j", "CULVERT-FORWARD");
    private static final Rule ACCEPT = Rule.of("-i", "cv+", "-j", "ACCEPT");
    private static final Rule DROP = Rule.of("-o", "cv+", "-j", "DROP");

    private final FakeKernel kernel = new FakeKernel();
    private final PacketFilter filter = new PacketFilter(kernel, EnumSet.of(IpFamily.IPV4));
    private final Table table = filter.table(IpFamily.IPV4, TableName.FILTER);
    private final Table nat = filter.table(IpFamily.IPV4, TableName.NAT);

    @BeforeEach
    void useNft() {
        kernel.nft().chain(TableName.MANGLE, "KUBE-IPTABLES-HINT");
    }

    private List<String> forward() {
        return kernel.nft().chain(TableName.FILTER, "FORWARD");
    }

    private List<String> own() {
        return kernel.nft().chains(TableName.FILTER).getOrDefault("CULVERT-FORWARD", List.of());
    }

    private void desire(Rule... rules) {
        table.setChain(Chain.of("CULVERT-FORWARD", rules));
        table.setRules("FORWARD", Place.FIRST, List.of(JUMP));
    }

    @Test
    void writesWhatIsMissingAndThenNothing() throws Exception {
        forward().add("-j KUBE-FORWARD");
        kernel.nft().chain(TableName.FILTER, "KUBE-FORWARD");
        desire(ACCEPT, DROP);
        assertThat(filter.apply().lines()).isPositive();
        assertThat(own()).containsExactly(ACCEPT.line(), DROP.line());
        assertThat(forward()).containsExactly(JUMP.line(), "-j KUBE-FORWARD");
        kernel.runs.clear();
        assertThat(filter.apply().lines()).isZero();
        assertThat(kernel.runs).isEmpty();
        filter.queueResync();
        assertThat(filter.apply()).isEqualTo(new Applied(0, List.of(), List.of()));
        assertThat(kernel.takeScripts()).isEmpty();
    }

    @Test
    void oneRuleMoreIsOneLineAndNoLookAtTheKernel() throws Exception {
        desire(ACCEPT);
        table.setChain(Chain.of("CULVERT-OTHER", ACCEPT));
        filter.apply();
        kernel.runs.clear();
        desire(ACCEPT, DROP);
        filter.apply();
        assertThat(kernel.runs)
                .containsExactly(
                        "iptables-nft-restore\n*filter\n-A CULVERT-FORWARD "
                                + DROP.line()
                                + "\nCOMMIT\n");
    }

    @Test
    void adoptsWhatAFormerProcessLeft() throws Exception {
        desire(ACCEPT);
        filter.apply();
        kernel.runs.clear();
        PacketFilter next = new PacketFilter(kernel, EnumSet.of(IpFamily.IPV4));
        Table again = next.table(IpFamily.IPV4, TableName.FILTER);
        again.setChain(Chain.of("CULVERT-FORWARD", ACCEPT));
        again.setRules("FORWARD", Place.FIRST, List.of(JUMP));
        assertThat(next.apply().repaired()).isEmpty();
        assertThat(kernel.takeScripts()).isEmpty();
    }

    @Test
    void removesChainsThatNobodyWantsAnyMore() throws Exception {
        kernel.nft().chain(TableName.FILTER, "CULVERT-OLD").add("-j CULVERT-OLDER");
        kernel.nft().chain(TableName.FILTER, "CULVERT-OLDER").add("-j ACCEPT");
        desire(ACCEPT);
        assertThat(filter.apply().repaired()).isEmpty();
        assertThat(kernel.nft().chains(TableName.FILTER))
                .doesNotContainKeys("CULVERT-OLD", "CULVERT-OLDER");
        table.removeChain("CULVERT-FORWARD");
        table.setRules("FORWARD", Place.FIRST, List.of());
        filter.apply();
        assertThat(kernel.nft().chains(TableName.FILTER)).doesNotContainKey("CULVERT-FORWARD");
        assertThat(forward()).isEmpty();
    }

    @Test
    void aChainThatAnothersRuleLeadsToIsEmptiedAndTold() throws Exception {
        kernel.nft().chain(TableName.FILTER, "CULVERT-OLD").add("-j ACCEPT");
        kernel.nft().chain(TableName.FILTER, "ADMIN").add("-j CULVERT-OLD");
        desire(ACCEPT);
        Applied applied = filter.apply();
        assertThat(applied.warnings()).singleElement().asString().contains("CULVERT-OLD");
        assertThat(kernel.nft().chain(TableName.FILTER, "CULVERT-OLD")).isEmpty();
        filter.queueResync();
        assertThat(filter.apply().lines()).isZero();
        kernel.nft().chain(TableName.FILTER, "ADMIN").clear();
        filter.queueResync();
        filter.apply();
        assertThat(kernel.nft().chains(TableName.FILTER)).doesNotContainKey("CULVERT-OLD");
    }

    @Test
    void repairsWhatWasChangedByHand() throws Exception {
        desire(ACCEPT, DROP);
        filter.apply();
        own().remove(0);
        own().add("-j RETURN");
        forward().clear();
        filter.queueResync();
        assertThat(filter.apply().repaired())
                .containsExactly(
                        "chain CULVERT-FORWARD of table filter", "chain FORWARD of table filter");
        assertThat(own()).containsExactly(ACCEPT.line(), DROP.line());
        assertThat(forward()).containsExactly(JUMP.line());
        assertThat(filter.stats().repairs()).isEqualTo(2);
    }

    @Test
    void repairsARuleThatKeptItsCommentButNotItsWords() throws Exception {
        desire(ACCEPT);
        filter.apply();
        filter.queueResync();
        filter.apply();
        own().set(0, ACCEPT.line().replace("cv+", "eth0"));
        filter.queueResync();
        assertThat(filter.apply().repaired()).hasSize(1);
        assertThat(own()).containsExactly(ACCEPT.line());
        filter.queueResync();
        assertThat(filter.apply().repaired()).isEmpty();
    }

    @Test
    void repairsAFlushOfEverything() throws Exception {
        desire(ACCEPT);
        filter.apply();
        kernel.nft().chains(TableName.FILTER).clear();
        kernel.nft().chain(TableName.FILTER, "FORWARD");
        filter.queueResync();
        filter.apply();
        assertThat(own()).containsExactly(ACCEPT.line());
        assertThat(forward()).containsExactly(JUMP.line());
    }

    @Test
    void standsBehindTheRulesOfAnotherProgramEvenIfTheyComeLater() throws Exception {
        List<String> prerouting = kernel.nft().chain(TableName.NAT, "PREROUTING");
        kernel.nft().chain(TableName.NAT, "KUBE-SERVICES");
        prerouting.addAll(List.of("-j KUBE-SERVICES", "-m addrtype -j DOCKER"));
        kernel.nft().chain(TableName.NAT, "DOCKER");
        nat.setChain(Chain.of("CULVERT-HOSTPORT"));
        Rule jump = Rule.of("-j", "CULVERT-HOSTPORT");
        nat.setRules("PREROUTING", Place.after("KUBE-SERVICES"), List.of(jump));
        filter.apply();
        assertThat(prerouting()).containsExactly("-j KUBE-SERVICES", jump.line(), docker());
        prerouting().removeFirst();
        filter.queueResync();
        filter.apply();
        assertThat(prerouting()).containsExactly(jump.line(), docker());
        prerouting().add("-j KUBE-SERVICES");
        filter.queueResync();
        filter.apply();
        assertThat(prerouting()).containsExactly(docker(), "-j KUBE-SERVICES", jump.line());
    }

    private List<String> prerouting() {
        return kernel.nft().chain(TableName.NAT, "PREROUTING");
    }

    private static String docker() {
        return "-m addrtype -j DOCKER";
    }

    @Test
    void looksAgainAfterAChangeNextToOthersAndCorrectsItsPlace() throws Exception {
        desire(ACCEPT);
        kernel.beforeRestore =
                () -> {
                    if (!forward().contains("-j OTHERS")) {
                        forward().addFirst("-j OTHERS");
                    }
                    kernel.nft().chain(TableName.FILTER, "OTHERS");
                    kernel.beforeRestore = () -> {};
                };
        kernel.nft().chain(TableName.FILTER, "DOCKER");
        forward().addAll(List.of("-j DOCKER", "-j ACCEPT"));
        table.setRules("FORWARD", Place.after("DOCKER"), List.of(DROP));
        filter.apply();
        assertThat(forward())
                .containsExactly(JUMP.line(), "-j OTHERS", "-j DOCKER", DROP.line(), "-j ACCEPT");
    }

    @Test
    void readsBeforeItsNextChangeInAChainOfAll() throws Exception {
        desire(ACCEPT);
        filter.apply();
        forward().addFirst("-j DOCKER");
        kernel.nft().chain(TableName.FILTER, "DOCKER");
        table.setRules("FORWARD", Place.after("DOCKER"), List.of(DROP));
        filter.apply();
        assertThat(forward()).containsExactly(JUMP.line(), "-j DOCKER", DROP.line());
    }

    @Test
    void twinsOfOurRulesGo() throws Exception {
        desire(ACCEPT);
        filter.apply();
        forward().addAll(List.of("-j ACCEPT", JUMP.line(), JUMP.line()));
        filter.queueResync();
        filter.apply();
        assertThat(forward()).containsExactly(JUMP.line(), "-j ACCEPT");
    }

    @Test
    void aRefusedLineIsNamedAndTheTableStaysAsItWas() throws Exception {
        desire(ACCEPT);
        filter.apply();
        desire(ACCEPT, Rule.of("--broken", "-j", "ACCEPT"));
        nat.setChain(Chain.of("CULVERT-MASQ"));
        assertThatThrownBy(filter::apply)
                .isInstanceOf(IptablesException.class)
                .hasMessageContaining("-A CULVERT-FORWARD --broken")
                .satisfies(e -> assertThat(((IptablesException) e).lineNumber()).isPositive());
        assertThat(own()).containsExactly(ACCEPT.line());
        desire(ACCEPT, DROP);
        filter.apply();
        assertThat(own()).containsExactly(ACCEPT.line(), DROP.line());
        assertThat(kernel.nft().chains(TableName.NAT)).containsKey("CULVERT-MASQ");
    }

    @Test
    void looksAgainWhenTheKernelIsNotAsItWasLeft() throws Exception {
        desire(ACCEPT, DROP);
        filter.apply();
        kernel.nft().chains(TableName.FILTER).remove("CULVERT-FORWARD");
        forward().clear();
        desire(DROP);
        Applied applied = filter.apply();
        assertThat(own()).containsExactly(DROP.line());
        assertThat(forward()).containsExactly(JUMP.line());
        assertThat(applied.repaired()).contains("chain FORWARD of table filter");
    }

    @Test
    void writesChainsAnewWhereEditsAreNotTaken() throws Exception {
        desire(ACCEPT, DROP);
        filter.apply();
        kernel.refusal = script -> script.contains("-D CULVERT-") ? "a number is wrong" : "";
        desire(DROP);
        filter.apply();
        assertThat(own()).containsExactly(DROP.line());
    }

    @Test
    void doesNotWaitAgainForALockThatIsHeld() {
        desire(ACCEPT);
        kernel.refusal = _ -> "Another app is currently holding the xtables lock";
        assertThatThrownBy(filter::apply).hasMessageContaining("/run/xtables.lock");
        assertThat(kernel.takeScripts()).hasSize(1);
    }

    @Test
    void oneFamilyDoesNotHoldUpTheOther() throws Exception {
        PacketFilter both = new PacketFilter(kernel, EnumSet.allOf(IpFamily.class));
        both.table(IpFamily.IPV4, TableName.NAT)
                .setChain(Chain.of("CULVERT-MASQ", Rule.of("--broken")));
        both.table(IpFamily.IPV6, TableName.NAT).setChain(Chain.of("CULVERT-MASQ"));
        assertThatThrownBy(both::apply).hasMessageContaining("iptables-nft-restore");
        assertThat(kernel.tables(IptablesMode.NFT, IpFamily.IPV6).chains(TableName.NAT))
                .containsKey("CULVERT-MASQ");
    }

    @Test
    void movesToTheOtherVariantWhenKubernetesTurnsUpThere() throws Exception {
        kernel.nft().chains(TableName.MANGLE).remove("KUBE-IPTABLES-HINT");
        desire(ACCEPT);
        filter.apply();
        assertThat(filter.mode()).isNotNull();
        assertThat(own()).isNotEmpty();
        FakeTables legacy = kernel.tables(IptablesMode.LEGACY, IpFamily.IPV4);
        legacy.chain(TableName.MANGLE, "KUBE-IPTABLES-HINT");
        filter.queueResync();
        Applied applied = filter.apply();
        assertThat(applied.repaired()).isEmpty();
        assertThat(legacy.chain(TableName.FILTER, "CULVERT-FORWARD"))
                .containsExactly(ACCEPT.line());
        assertThat(own()).isEmpty();
        assertThat(forward()).isEmpty();
    }

    @Test
    void usesTheVariantThatCanBeRun() throws Exception {
        kernel.installed.remove(IptablesMode.NFT);
        desire(ACCEPT);
        filter.apply();
        assertThat(kernel.tables(IptablesMode.LEGACY, IpFamily.IPV4).isEmpty()).isFalse();
        kernel.installed.clear();
        PacketFilter none = new PacketFilter(kernel, EnumSet.of(IpFamily.IPV4));
        assertThatThrownBy(none::apply).hasMessageContaining("install the package iptables");
    }

    @Test
    void removesEveryTraceFromBothVariants() throws Exception {
        desire(ACCEPT);
        filter.apply();
        FakeTables legacy = kernel.tables(IptablesMode.LEGACY, IpFamily.IPV4);
        legacy.chain(TableName.FILTER, "CULVERT-OLD");
        legacy.chain(TableName.FILTER, "FORWARD").add(JUMP.line().replace("FORWARD", "OLD"));
        forward().add("-j ACCEPT");
        filter.removeAll();
        filter.apply();
        assertThat(forward()).containsExactly("-j ACCEPT");
        assertThat(kernel.nft().chains(TableName.FILTER)).doesNotContainKey("CULVERT-FORWARD");
        assertThat(legacy.isEmpty()).isTrue();
        assertThat(legacy.chains(TableName.FILTER)).doesNotContainKey("CULVERT-OLD");
    }

    @Test
    void onlyOneThreadMayWrite() throws Exception {
        filter.apply();
        assertThat(
                        CompletableFuture.supplyAsync(
                                        () -> {
                                            try {
                                                return "wrote " + filter.apply();
                                            } catch (IllegalStateException e) {
                                                return "refused";
                                            } catch (java.io.IOException e) {
                                                return "failed " + e;
                                            }
                                        })
                                .get())
                .isEqualTo("refused");
    }

    @Test
    void rulesOfOursStandOnlyInChainsThatAlwaysExist() {
        assertThatThrownBy(() -> table.setRules("DOCKER", Place.FIRST, List.of(JUMP)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("DOCKER");
        assertThatThrownBy(() -> filter.table(IpFamily.IPV6, TableName.NAT))
                .hasMessageContaining("IPV6");
    }
}
