package dev.culvert.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** The options of the demo. */
class MainTest {
    @TempDir private Path folder = Path.of("");

    @Test
    void runsThreeNodesWithTwoPodsEachUnlessTold() {
        Main main = parsed();

        assertThat(main.plan().nodes()).isEqualTo(3);
        assertThat(main.plan().podsPerNode()).isEqualTo(2);
        assertThat(main.plan().keep()).isFalse();
    }

    @Test
    void takesNodesPodsAndKeep() {
        Plan plan = parsed("--nodes", "9", "--pods", "20", "--keep").plan();

        assertThat(plan.nodes()).isEqualTo(9);
        assertThat(plan.podsPerNode()).isEqualTo(20);
        assertThat(plan.keep()).isTrue();
    }

    @Test
    void runsTheAgentsFromTheJarUnlessAnImageIsNamed() {
        assertThat(parsed().plan().image()).isNull();

        Plan plan = parsed("--image", "image.tar", "--capabilities", "NET_ADMIN,BPF").plan();

        assertThat(plan.image()).isEqualTo(Path.of("image.tar").toAbsolutePath());
        assertThat(plan.capabilities()).containsExactly("NET_ADMIN", "BPF");
    }

    @Test
    void refusesFewerThanTwoAndMoreThanNineNodes() {
        assertThat(refusal("--nodes", "1")).contains("--nodes must be from 2 to 9, but is 1");
        assertThat(refusal("--nodes", "10")).contains("--nodes must be from 2 to 9, but is 10");
    }

    @Test
    void refusesNoPodsAndMoreThanTwenty() {
        assertThat(refusal("--pods", "0")).contains("--pods must be from 1 to 20, but is 0");
        assertThat(refusal("--pods", "21")).contains("--pods must be from 1 to 20, but is 21");
    }

    @Test
    void refusesAWordForANumberAndAnUnknownOption() {
        assertThat(refusal("--nodes", "many")).contains("many");
        assertThat(refusal("--speed")).contains("--speed");
    }

    private Main parsed(String... arguments) {
        Main main = new Main(new StateFile(folder), "");
        new CommandLine(main).parseArgs(arguments);
        return main;
    }

    private String refusal(String... arguments) {
        StringWriter errors = new StringWriter();
        CommandLine line = new CommandLine(new Main(new StateFile(folder), ""));
        line.setErr(new PrintWriter(errors, true));
        assertThat(line.execute(arguments)).isEqualTo(2);
        return errors.toString();
    }
}
