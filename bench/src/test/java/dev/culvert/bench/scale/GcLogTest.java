package dev.culvert.bench.scale;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class GcLogTest {
    @Test
    void readsPausesAndNothingElse() {
        GcLog log =
                GcLog.parse(
                        List.of(
                                "[0.012s][info][gc] Using Serial",
                                "[1.5s][info][gc] GC(0) Pause Young (Allocation Failure)"
                                        + " 17M->5M(61M) 12.345ms",
                                "[9.1s][info][gc] GC(1) Pause Full (Diagnostic Command)"
                                        + " 46M->31M(61M) 539.380ms"));
        assertThat(log.pauses())
                .containsExactly(new GcLog.Pause(17, 5, 12.345), new GcLog.Pause(46, 31, 539.380));
    }
}
