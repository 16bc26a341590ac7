package dev.culvert.demo;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.linux.testing.DevScript;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** What the script {@code dev} knows of the demo's options, so that it need not build. */
class DevDemoTest {
    @TempDir private Path folder = Path.of("");
    private DevScript dev;

    @BeforeEach
    void copy() throws Exception {
        dev = DevScript.copyTo(folder);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "--nodes=1",
                "--nodes=10",
                "--pods=0",
                "--pods=21",
                "--keep --down",
                "--down --keep",
                "--wrong"
            })
    void refusesWhatTheDemoRefusesWithoutBuildingIt(String options) throws Exception {
        StringWriter errors = new StringWriter();
        CommandLine demo = new CommandLine(new Main(new StateFile(folder), ""));
        int status = demo.setErr(new PrintWriter(errors, true)).execute(options.split(" ", -1));
        DevScript.Answer answer = dev.run(("demo " + options).split(" ", -1));
        assertThat(answer.line()).isEqualTo(errors.toString().lines().findFirst().orElseThrow());
        assertThat(answer.status()).isEqualTo(status).isEqualTo(2);
        assertThat(dev.prepared()).isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "--wrong, Unknown option: '--wrong'",
        "--engine=docker, '--engine does not know ''docker''; it takes podman,buildah,rootfs'",
        "--output=, --output wants a value: FILE",
        "--check=yes, '--check takes no value, but got: yes'"
    })
    void refusesWrongOptionsOfTheImageWithoutBuildingIt(String option, String sentence)
            throws Exception {
        DevScript.Answer answer = dev.run("image", option);
        assertThat(answer.line()).isEqualTo(sentence);
        assertThat(answer.status()).isEqualTo(2);
        assertThat(dev.prepared()).isFalse();
    }

    @Test
    void buildsNothingForHelp() throws Exception {
        DevScript.Answer answer = dev.run("demo", "--help");
        assertThat(answer.status()).isZero();
        assertThat(answer.text()).contains("--nodes N   nodes, 2 to 9");
        assertThat(dev.prepared()).isFalse();
    }
}
