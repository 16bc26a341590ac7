package dev.culvert.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

/** Processes are told apart by their start time. */
class ProcessIdentityTest {
    @Test
    void readsTheStartTimeBehindANameWithBlanksAndParentheses() {
        String stat = "42 (a) b (c) S 1 42 42 0 -1 0 1 2 3 4 5 6 7 8 20 0 9 0 98765 11 12";

        assertThat(ProcessIdentity.startTicks(stat)).isEqualTo(98765);
    }

    @Test
    void knowsThisProcessAsAlive() {
        assertThat(ProcessIdentity.of(ProcessHandle.current().pid()).isAlive()).isTrue();
    }

    @Test
    void takesNoLaterProcessWithTheSameIdForTheRecordedOne() {
        ProcessIdentity self = ProcessIdentity.of(ProcessHandle.current().pid());

        assertThat(new ProcessIdentity(self.pid(), self.startTicks() - 1).isAlive()).isFalse();
    }

    @Test
    void readsWhatItWrites() {
        ProcessIdentity identity = new ProcessIdentity(7, 1234);

        assertThat(ProcessIdentity.parse(identity.toString())).isEqualTo(identity);
    }

    @Test
    void refusesALineThatIsNoIdentity() {
        assertThatThrownBy(() -> ProcessIdentity.parse("7"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'7'");
    }
}
