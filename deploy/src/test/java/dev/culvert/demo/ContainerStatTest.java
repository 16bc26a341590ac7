package dev.culvert.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;

/** What the kernel tells of a process. */
class ContainerStatTest {
    @Test
    void readsStartAndProcessorTimeWhateverTheNameOfTheProcess() {
        String stat =
                "1 (a) b) S 0 1 1 0 -1 4194560 100 200 3 4 150 25 7 8 20 0 30 0 123456 99 98 97";

        ContainerStat parsed = ContainerStat.parse(stat);

        assertThat(ContainerStat.uptime("1236.06 2000.00") - parsed.startSeconds())
                .isCloseTo(1.5, within(0.001));
        assertThat(parsed.processorSeconds()).isCloseTo(1.75, within(0.001));
    }

    @Test
    void readsMemoryInMegabytes() {
        ContainerMemory memory =
                new ContainerMemory(
                        List.of("Name:\tjava", "VmRSS:\t  100000 kB", "RssAnon:\t 5 kB"));

        assertThat(memory.megabytes("VmRSS")).isCloseTo(102.4, within(0.001));
        assertThatThrownBy(() -> memory.megabytes("VmHWM")).hasMessageContaining("VmHWM");
    }
}
