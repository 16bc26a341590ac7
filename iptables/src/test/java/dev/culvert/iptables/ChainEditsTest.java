package dev.culvert.iptables;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

final class ChainEditsTest {
    private static final String CHAIN = "CULVERT-X";

    @Provide
    Arbitrary<List<Integer>> ports() {
        return Arbitraries.integers().between(1, 12).list().ofMaxSize(15);
    }

    private static List<RenderedRule> rules(List<Integer> ports) {
        return RenderedRule.of(
                ports.stream()
                        .map(
                                p ->
                                        Rule.matching()
                                                .protocol(Protocol.TCP)
                                                .destinationPort(p)
                                                .accept())
                        .toList());
    }

    private static List<String> edits(List<Integer> from, List<Integer> to) {
        RestoreScript script = new RestoreScript();
        script.table(TableName.FILTER);
        ChainEdits.write(script, CHAIN, RenderedRule.hashes(rules(from)), rules(to));
        script.commit();
        return script.text().lines().toList();
    }

    @Property(tries = 500)
    void turnAnyChainIntoAnyOther(
            @ForAll("ports") List<Integer> from, @ForAll("ports") List<Integer> to) {
        FakeTables tables = new FakeTables(new FakeSets());
        List<String> chain = tables.chain(TableName.FILTER, CHAIN);
        rules(from).forEach(rule -> chain.add(rule.line()));
        List<String> edits = edits(from, to);
        assertThat(tables.restore(String.join("\n", edits).strip()).error()).isEmpty();
        assertThat(tables.chain(TableName.FILTER, CHAIN))
                .isEqualTo(rules(to).stream().map(RenderedRule::line).toList());
    }

    @Property(tries = 200)
    void touchOnlyWhatDiffers(
            @ForAll("ports") List<Integer> from, @ForAll("ports") List<Integer> to) {
        List<Integer> removed = new ArrayList<>(from);
        to.forEach(removed::remove);
        List<Integer> added = new ArrayList<>(to);
        from.forEach(added::remove);
        List<String> edits = edits(from, to);
        assertThat(edits.stream().filter(line -> line.startsWith("-D")).count())
                .isBetween((long) removed.size(), (long) from.size());
        if (from.equals(to)) {
            assertThat(String.join("", edits)).isEmpty();
        }
    }

    @Test
    void oneRuleMoreIsOneLine() {
        assertThat(edits(List.of(1, 2, 4), List.of(1, 2, 3, 4)))
                .hasSize(3)
                .element(1)
                .asString()
                .startsWith("-I CULVERT-X 3 ");
        assertThat(edits(List.of(1, 2), List.of(1, 2, 3))).element(1).asString().startsWith("-A");
        assertThat(edits(List.of(1, 2, 3), List.of(1, 3)))
                .containsExactly("*filter", "-D CULVERT-X 2", "COMMIT");
    }

    @Test
    void aChainOfWhichNothingStaysIsWrittenAnewWhenComparingCostsMore() {
        List<Integer> from = new ArrayList<>();
        List<Integer> to = new ArrayList<>();
        for (int i = 1; i <= 2100; i++) {
            from.add(i);
            to.add(10000 + i);
        }
        assertThat(edits(from, to)).hasSize(2103).element(1).isEqualTo(":CULVERT-X - [0:0]");
    }
}
