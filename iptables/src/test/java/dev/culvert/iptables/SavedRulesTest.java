package dev.culvert.iptables;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

final class SavedRulesTest {
    private static final String SAVED =
            """
            # Warning: something
            *filter
            :INPUT ACCEPT [12:345]
            :FORWARD DROP [0:0]
            :DOCKER-USER - [0:0]
            :CULVERT-FORWARD - [0:0]
            [5:300] -A FORWARD -m comment --comment "kubernetes \\"x\\" rules" -j KUBE-FORWARD
            -A FORWARD -m comment --comment "culvert:0123456789abcdef of a pod" -j CULVERT-FORWARD
            -A FORWARD -p tcp
            -A DOCKER-USER -g CULVERT-OLD
            -A CULVERT-FORWARD -i cv+ -m comment --comment culvert:fedcba9876543210 -j ACCEPT
            COMMIT
            # Completed
            *nat
            :PREROUTING ACCEPT [0:0]
            COMMIT
            # Table `mangle' is incompatible, use 'nft' tool.
            """;

    private final SavedRules saved = SavedRules.parse(SAVED);

    @Test
    void findsTablesChainsAndRules() {
        SavedTable filter = saved.table(TableName.FILTER);
        assertThat(filter.chains().keySet())
                .containsExactly("INPUT", "FORWARD", "DOCKER-USER", "CULVERT-FORWARD");
        assertThat(filter.rules("FORWARD"))
                .extracting(SavedRule::target)
                .containsExactly("KUBE-FORWARD", "CULVERT-FORWARD", "");
        assertThat(filter.rules("NONE")).isEmpty();
        assertThat(saved.table(TableName.RAW).chains()).isEmpty();
        assertThat(saved.size()).isEqualTo(5);
    }

    @Test
    void tellsOurRulesByTheirComments() {
        SavedTable filter = saved.table(TableName.FILTER);
        assertThat(filter.rules("FORWARD"))
                .extracting(SavedRule::isOurs)
                .containsExactly(false, true, false);
        assertThat(filter.rules("CULVERT-FORWARD").getFirst().identity())
                .isEqualTo(new RuleHash("fedcba9876543210"));
        assertThat(saved.hasOurs()).isTrue();
    }

    @Test
    void tellsChainsOfOursThatOthersUse() {
        assertThat(saved.table(TableName.FILTER).heldByOthers()).containsExactly("CULVERT-OLD");
    }

    @Test
    void tellsTablesThatOnlyNftCanShow() {
        assertThat(saved.unreadable()).containsExactly("mangle");
    }

    @Test
    void namesALineOfAnotherForm() {
        assertThatThrownBy(() -> SavedRules.parse("*filter\nwhat is this"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("what is this");
    }

    @Provide
    Arbitrary<List<String>> rules() {
        Arbitrary<String> word = Arbitraries.strings().withCharRange(' ', '~').ofMaxLength(12);
        Arbitrary<String> comment = word.map(text -> "x" + text);
        Arbitrary<String> target = Arbitraries.of("ACCEPT", "KUBE-X", "DOCKER", "CULVERT-A", "LOG");
        Arbitrary<String> rule =
                Combinators.combine(comment, target, Arbitraries.of("-j", "-g"))
                        .as((c, t, verb) -> Words.join(List.of("--comment", c, verb, t)));
        return rule.list().ofMaxSize(20);
    }

    @Property(tries = 200)
    void keepsTheWordsOfOddRulesAsTheyWerePrinted(@ForAll("rules") List<String> rules) {
        StringBuilder text = new StringBuilder("*nat\n:PREROUTING ACCEPT [0:0]\n");
        rules.forEach(rule -> text.append("-A PREROUTING ").append(rule).append('\n'));
        text.append("COMMIT\n");
        SavedTable nat = SavedRules.parse(text.toString()).table(TableName.NAT);
        assertThat(nat.rules("PREROUTING")).extracting(SavedRule::text).isEqualTo(rules);
        assertThat(nat.rules("PREROUTING")).noneMatch(SavedRule::isOurs);
    }
}
