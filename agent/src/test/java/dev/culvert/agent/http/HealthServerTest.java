package dev.culvert.agent.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class HealthServerTest {
    private volatile String status = "{}";
    private final Map<String, String> liveness = new ConcurrentSkipListMap<>();
    private final Map<String, String> conditions = new ConcurrentSkipListMap<>();
    private final HealthServer.Sources sources =
            new HealthServer.Sources(
                    _ -> new TreeMap<>(liveness),
                    this::conditions,
                    () -> status,
                    () -> "metric 1\n");
    private final HealthServer server =
            new HealthServer(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), sources);

    private Map<String, String> conditions(String revision) {
        return revision.isEmpty() ? new TreeMap<>(conditions) : Map.of("revision", revision);
    }

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
    void isNotAliveWhenAThreadIsStuckThoughItIsReady() throws Exception {
        liveness.put("sync", "");
        assertThat(get("/healthz").body()).isEqualTo("[+] sync ok\nalive\n");
        liveness.put("sync", "its thread has ended");
        HttpResponse<String> answer = get("/healthz");
        assertThat(answer.statusCode()).isEqualTo(503);
        assertThat(answer.body()).isEqualTo("[-] sync: its thread has ended\nnot alive\n");
        assertThat(get("/readyz").statusCode()).isEqualTo(200);
    }

    @Test
    void asksForTheRevisionThatTheCallerNames() throws Exception {
        assertThat(get("/readyz?revision=1f").body()).contains("[-] revision: 1f");
        assertThat(get("/readyz?other=1f").statusCode()).isEqualTo(200);
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
    void packsLongAnswersForThoseWhoTakeThem() throws Exception {
        status = "[" + "1, ".repeat(10_000) + "1]";
        assertThat(get("/status").body()).isEqualTo(status);
        HttpResponse<byte[]> packed = bytes("/status", "Accept-Encoding", "gzip, br");
        assertThat(packed.headers().firstValue("Content-Encoding")).hasValue("gzip");
        assertThat(packed.body()).hasSizeLessThan(1000);
        try (InputStream plain = new GZIPInputStream(new ByteArrayInputStream(packed.body()))) {
            assertThat(new String(plain.readAllBytes(), StandardCharsets.UTF_8)).isEqualTo(status);
        }
        status = "{}";
        assertThat(bytes("/status", "Accept-Encoding", "gzip").body())
                .isEqualTo("{}".getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void servesThePageAndNothingElseOfTheProgram() throws Exception {
        HttpResponse<String> page = get("/");
        assertThat(page.body()).startsWith("<!doctype html>");
        assertThat(page.headers().firstValue("Content-Security-Policy").orElseThrow())
                .startsWith("default-src 'none'");
        assertThat(get("/page.js").headers().firstValue("Content-Type"))
                .hasValue("text/javascript; charset=utf-8");
        assertThat(get("/HealthServer.class").statusCode()).isEqualTo(404);
        assertThat(get("/../http/page.js").statusCode()).isEqualTo(404);
    }

    @Test
    void saysThatThePortIsTaken() {
        HealthServer second = new HealthServer(server.address(), sources);
        assertThatThrownBy(second::start)
                .isInstanceOf(IOException.class)
                .hasMessageContaining("set another httpAddress or httpPort");
    }

    private HttpResponse<byte[]> bytes(String path, String name, String value) throws Exception {
        try (HttpClient client = HttpClient.newHttpClient()) {
            URI uri = URI.create("http://127.0.0.1:" + server.address().getPort() + path);
            return client.send(
                    HttpRequest.newBuilder(uri).header(name, value).build(),
                    HttpResponse.BodyHandlers.ofByteArray());
        }
    }

    private HttpResponse<String> get(String path) throws IOException, InterruptedException {
        try (HttpClient client = HttpClient.newHttpClient()) {
            URI uri = URI.create("http://127.0.0.1:" + server.address().getPort() + path);
            return client.send(
                    HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString());
        }
    }
}
