package dev.culvert.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import org.junit.jupiter.api.Test;

/** Reading HTTP answers. */
class HttpExchangeTest {
    @Test
    void readsStatusAndBody() throws IOException {
        assertThat(HttpExchange.Response.parse("HTTP/1.1 201 Created\r\nA: b\r\n\r\n{}"))
                .isEqualTo(new HttpExchange.Response(201, "{}"));
    }

    @Test
    void refusesWhatIsNoAnswer() {
        assertThatThrownBy(() -> HttpExchange.Response.parse(""))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("no HTTP answer");
    }
}
