package dev.culvert.iptables;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

final class WordsTest {
    @Provide
    Arbitrary<List<String>> words() {
        return Arbitraries.strings()
                .withCharRange(' ', '~')
                .ofMinLength(1)
                .ofMaxLength(20)
                .list()
                .ofMaxSize(10);
    }

    @Property(tries = 300)
    void anyPrintableWordsSurviveALine(@ForAll("words") List<String> words) {
        assertThat(Words.split(Words.join(words))).isEqualTo(words);
    }

    @Test
    void readsQuotesAsIptablesSaveWritesThem() {
        String line = "-m comment --comment \"it\\'s \\\"x\\\" \\\\ y\" -j LOG --log-prefix \"a \"";
        assertThat(Words.split(line))
                .containsExactly(
                        "-m",
                        "comment",
                        "--comment",
                        "it's \"x\" \\ y",
                        "-j",
                        "LOG",
                        "--log-prefix",
                        "a ");
    }

    @Test
    void anEmptyQuotedWordIsAWord() {
        assertThat(Words.split("a \"\" b")).containsExactly("a", "", "b");
    }

    @Test
    void aBackslashOutsideQuotesIsACharacter() {
        assertThat(Words.split("a\\b  c\t")).containsExactly("a\\b", "c");
    }

    @Test
    void namesALineWithAnOpenQuote() {
        assertThatThrownBy(() -> Words.split("-j \"X"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("-j \"X");
    }
}
