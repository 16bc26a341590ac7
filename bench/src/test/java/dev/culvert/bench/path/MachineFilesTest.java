package dev.culvert.bench.path;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

final class MachineFilesTest {
    @Test
    void addsUpWorkButNeitherIdleNorWaiting() {
        assertThat(MachineFiles.busySeconds("cpu  100 20 300 99999 88888 4 50 0 0 0"))
                .isEqualTo(4.74);
    }

    @Test
    void readsResidentMemory() {
        List<String> status = List.of("Name:\tjava", "VmRSS:\t  100000 kB", "Threads:\t9");
        assertThat(MachineFiles.residentMegabytes(status)).isEqualTo(102.4);
        assertThat(MachineFiles.residentMegabytes(List.of("Name:\tx"))).isNaN();
    }
}
