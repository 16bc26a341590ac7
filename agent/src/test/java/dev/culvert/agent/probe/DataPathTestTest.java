package dev.culvert.agent.probe;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.linux.Errno;
import dev.culvert.linux.LinuxException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class DataPathTestTest {
    private static final long SECOND = Duration.ofSeconds(1).toNanos();

    private final Path path = new Path();
    private final DataPathTest test = new DataPathTest(path);
    private long now;

    /** Carries test packets, unless it is told not to. */
    private static final class Path implements DataPathTest.Target {
        private @Nullable Object current = "first";
        private @Nullable Errno refusal;
        private String refused = "sendmsg";
        private boolean carries = true;
        private long arrived;
        private int sent;

        @Override
        public @Nullable Object current() {
            return current;
        }

        @Override
        public long arrived() {
            return arrived;
        }

        @Override
        public void send() throws LinuxException {
            if (refusal != null) {
                throw new LinuxException(refused, refusal, "culvert.tun");
            }
            sent++;
            arrived += carries ? 1 : 0;
        }
    }

    private void look(int times) {
        for (int i = 0; i < times; i++) {
            now += SECOND;
            test.look(now);
        }
    }

    @Test
    void isPassedOnceAPacketCameBack() {
        assertThat(test.problem()).isNotEmpty();
        look(1);
        assertThat(test.problem()).as("on its way").isNotEmpty();
        look(1);
        assertThat(test.problem()).isEmpty();
        assertThat(test.passed()).isEqualTo(1);
    }

    @Test
    void isRepeatedNowAndThenOnly() {
        look(61);
        assertThat(path.sent).isBetween(10, 14);
        assertThat(test.problem()).isEmpty();
    }

    @Test
    void isNotPassedWhileNothingComesBack() {
        path.carries = false;
        look(10);
        assertThat(test.problem()).contains("test packets do not come back");
        assertThat(test.failed()).isPositive();
        assertThat(test.passed()).isZero();
    }

    @Test
    void aPacketThatGetsLostNowAndThenIsNoProblemButManyInARowAre() {
        look(2);
        path.carries = false;
        look(8);
        assertThat(test.failed()).isPositive();
        assertThat(test.problem()).isEmpty();
        look(8);
        assertThat(test.problem()).isNotEmpty();
        path.carries = true;
        look(3);
        assertThat(test.problem()).isEmpty();
    }

    @Test
    void beginsAnewWithAnotherDataPath() {
        look(2);
        assertThat(test.problem()).isEmpty();
        path.current = null;
        look(1);
        assertThat(test.problem()).isNotEmpty();
        path.current = "second";
        look(2);
        assertThat(test.problem()).isEmpty();
    }

    @Test
    void withoutThePermissionItSaysSoAndKeepsNobodyFromWorking() {
        path.refusal = Errno.EPERM;
        path.refused = "socket";
        look(2);
        assertThat(test.problem()).isEmpty();
        assertThat(test.limitation()).contains("CAP_NET_RAW");
    }

    @Test
    void saysThatTheKernelDoesNotTakeAPacket() {
        path.refusal = Errno.EPERM;
        look(2);
        assertThat(test.problem()).contains("a test packet cannot be sent").contains("culvert.tun");
    }
}
