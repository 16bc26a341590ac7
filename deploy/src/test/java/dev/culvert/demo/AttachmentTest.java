package dev.culvert.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

/** Reading CNI results. */
class AttachmentTest {
    @Test
    void readsTheAddressAndTheHostEnd() throws DemoException {
        Attachment attachment =
                Attachment.parse(
                        """
                        {"cniVersion":"1.1.0","interfaces":[{"name":"culvert0"},
                         {"name":"cv1a2b3c4d5e6","mac":"02:00:00:00:00:01"},
                         {"name":"eth0","sandbox":"/run/netns/a"}],
                         "ips":[{"address": "10.244.1.7/24","gateway":"10.244.1.1"}]}
                        """);

        assertThat(attachment).isEqualTo(new Attachment("10.244.1.7", "cv1a2b3c4d5e6"));
    }

    @Test
    void refusesAResultWithoutAnAddress() {
        assertThatThrownBy(() -> Attachment.parse("{\"cniVersion\":\"1.1.0\"}"))
                .isInstanceOf(DemoException.class)
                .hasMessageContaining("no address");
    }
}
