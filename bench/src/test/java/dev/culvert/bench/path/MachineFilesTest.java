package dev.culvert.bench.path;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
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
        assertThat(MachineFiles.megabytes(status, "VmRSS")).isEqualTo(102.4);
        assertThat(MachineFiles.megabytes(status, "VmHWM")).isNaN();
    }

    @Test
    void findsWhatAnInterfaceReceived() throws IOException {
        List<String> devices =
                List.of(
                        "Inter-|   Receive",
                        " face |bytes    packets errs",
                        "    lo:     100       1    0",
                        "  eth0: 5678901      99    0",
                        "  eth0.5:     7      99    0");
        assertThat(MachineFiles.receivedBytes(devices, "eth0")).isEqualTo(5_678_901);
        assertThatThrownBy(() -> MachineFiles.receivedBytes(devices, "eth1"))
                .hasMessage("no interface eth1");
    }
}
