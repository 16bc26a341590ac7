package dev.culvert.agent.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class HealthServerTest {
    private final Map<String, String> conditions = new ConcurrentSkipListMap<>();
    private final HealthServer.Sources sources =
            new HealthServer.Sources(
                    () -> new TreeMap<>(conditions), () -> "{}", () -> "metric 1\n");
    private final HealthServer server =
            new HealthServer(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), sources);

    @BeforeEach
    void start() throws IOException {
        server.start();
    }

    @AfterEach
    void stop() {
        server.close();
        server.close();
    }

    @Test
    void isAliveWhateverTheConditions() throws Exception {
        conditions.put("node", "broken");
        assertThat(get("/healthz").statusCode()).isEqualTo(200);
    }

    @Test
    void isReadyWhenEveryConditionHolds() throws Exception {
        conditions.put("node", "");
        assertThat(get("/readyz").statusCode()).isEqualTo(200);
        conditions.put("overlay", "the port is taken");
        HttpResponse<String> answer = get("/readyz");
        assertThat(answer.statusCode()).isEqualTo(503);
        assertThat(answer.body())
                .contains("[+] node ok")
                .contains("[-] overlay: the port is taken")
                .contains("not ready");
    }

    @Test
    void servesStatusAndMetricsInTheirTypes() throws Exception {
        assertThat(get("/status").headers().firstValue("Content-Type"))
                .hasValue("application/json");
        assertThat(get("/metrics").body()).isEqualTo("metric 1\n");
    }

    @Test
    void saysThatThePortIsTaken() {
        HealthServer second = new HealthServer(server.address(), sources);
        assertThatThrownBy(second::start)
                .isInstanceOf(IOException.class)
                .hasMessageContaining("set another httpAddress or httpPort");
    }

    private HttpResponse<String> get(String path) throws IOException, InterruptedException {
        try (HttpClient client = HttpClient.newHttpClient()) {
            URI uri = URI.create("http://127.0.0.1:" + server.address().getPort() + path);
            return client.send(
                    HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString());
        }
    }
}
