package dev.culvert.bench.path;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

final class PathCommandTest {
    private final StringWriter errors = new StringWriter();

    private int execute(String... arguments) {
        return new CommandLine(new PathCommand())
                .setErr(new PrintWriter(errors, true))
                .execute(arguments);
    }

    @Test
    void refusesModesThatDoNotExist() {
        assertThat(execute("--modes", "culvert,kernels")).isEqualTo(2);
        assertThat(errors.toString())
                .startsWith(
                        "--modes does not know 'kernels'; it takes culvert,culvert-plain,kernel,"
                                + "routing,openvpn,wireguard-go");
    }

    @Test
    void refusesUnderlaysAndRunsThatDoNotExist() {
        assertThat(execute("--underlays", "wlan")).isEqualTo(2);
        assertThat(execute("--metrics", "rrP50")).isEqualTo(2);
        assertThat(errors.toString())
                .contains("'wlan'; it takes default,wire")
                .contains("'rrP50'; it takes tcp1,tcp8,bidi,udp64,udp1400,rr,rrLoad");
    }

    @Test
    void refusesNumbersOutsideTheirRange() {
        assertThat(execute("--rounds", "0")).isEqualTo(2);
        assertThat(errors.toString()).startsWith("--rounds must be from 1 to 1000, but is 0");
    }
}
