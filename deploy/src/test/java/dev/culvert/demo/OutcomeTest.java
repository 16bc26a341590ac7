package dev.culvert.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Judging what a receiver answers. */
class OutcomeTest {
    private static final Endpoint SENDER = new FixedEndpoint("10.244.1.2");

    @Test
    void holdsWhenDigestAndAddressAreTheSenders() {
        assertThat(Outcome.ofAnswer("abc 10.244.1.2", "abc", SENDER).good()).isTrue();
    }

    @Test
    void noticesOtherBytes() {
        assertThat(Outcome.ofAnswer("abd 10.244.1.2", "abc", SENDER).detail())
                .contains("other bytes");
    }

    @Test
    void noticesATranslatedAddress() {
        assertThat(Outcome.ofAnswer("abc 172.30.77.1", "abc", SENDER).detail())
                .contains("172.30.77.1");
    }

    @Test
    void noticesACutAnswer() {
        assertThat(Outcome.ofAnswer("", "abc", SENDER).good()).isFalse();
    }

    /** A sender with one address and nothing else. */
    private record FixedEndpoint(String name) implements Endpoint {
        @Override
        public int nodeNumber() {
            return 1;
        }

        @Override
        public boolean mayAppearAs(String address) {
            return address.equals(name);
        }

        @Override
        public NamespaceSockets sockets() {
            return new NamespaceSockets(Path.of("/proc/self/ns/net"));
        }

        @Override
        public List<String> enter(List<String> command) {
            return command;
        }
    }
}
