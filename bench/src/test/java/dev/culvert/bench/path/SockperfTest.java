package dev.culvert.bench.path;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import org.junit.jupiter.api.Test;

final class SockperfTest {
    @Test
    void readsPercentilesOfTheRoundTrip() throws IOException {
        String text =
                """
                sockperf: Summary: Round trip is 13.864 usec
                sockperf: ---> <MAX> observation = 4089.138
                sockperf: ---> percentile 99.999 = 4089.138
                sockperf: ---> percentile 99.990 = 2581.307
                sockperf: ---> percentile 99.900 = 1038.830
                sockperf: ---> percentile 99.000 =    9.284
                sockperf: ---> percentile 90.000 =    6.170
                sockperf: ---> percentile 50.000 =    3.987
                """;
        assertThat(Sockperf.parse(text)).isEqualTo(new Sockperf(3.987, 9.284, 1038.83));
    }

    @Test
    void failsWithWhatItPrintedWhenNothingCameBack() {
        assertThatThrownBy(() -> Sockperf.parse("No messages were received from the server."))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("No messages were received");
    }
}
