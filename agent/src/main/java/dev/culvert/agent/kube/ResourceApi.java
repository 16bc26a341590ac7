package dev.culvert.agent.kube;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.http.HttpClient;
import io.fabric8.kubernetes.client.http.HttpRequest;
import io.fabric8.kubernetes.client.http.HttpResponse;
import io.fabric8.kubernetes.client.http.WebSocketHandshakeException;
import io.fabric8.kubernetes.client.http.WebSocketUpgradeResponse;
import java.net.ConnectException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The two requests that a watch makes of the API server, over the client's connections and with its
 * credentials. Objects are read here rather than by the client, which would keep each whole and
 * refuse a list for the sake of one object. Any thread.
 */
final class ResourceApi {
    /**
     * A page of so many Nodes is about 3 MB. The last one stays in memory as long as its
     * connection: the HTTP client keeps it.
     */
    private static final int PAGE = 100;

    private static final JsonMapper JSON = new JsonMapper();

    private final HttpClient http;
    private final String resource;
    private final Duration answerWithin;

    /**
     * @param path such as {@code api/v1/nodes}
     * @param selector a field selector, or empty
     */
    ResourceApi(KubernetesClient client, String path, String selector, Duration answerWithin) {
        this.http = client.getHttpClient();
        this.resource =
                client.getMasterUrl()
                        + path
                        + "?"
                        + (selector.isEmpty() ? "" : "fieldSelector=" + encode(selector) + "&");
        this.answerWithin = answerWithin;
    }

    /**
     * Reads a page of the list.
     *
     * @param next where it begins; empty for the first
     * @param paged whether the server may split it
     * @param items gets each object
     */
    ListPage list(String next, boolean paged, Consumer<JsonNode> items)
            throws ApiException, InterruptedException {
        String query =
                (paged ? "limit=" + PAGE : "")
                        + (next.isEmpty() ? "" : "&continue=" + encode(next));
        HttpRequest request =
                http.newHttpRequestBuilder()
                        .uri(resource + query)
                        .header("Accept", "application/json")
                        .timeout(answerWithin.toMillis(), TimeUnit.MILLISECONDS)
                        .build();
        HttpResponse<byte[]> answer = await(http.sendAsync(request, byte[].class));
        if (!answer.isSuccessful()) {
            throw refused(answer.code(), answer.body());
        }
        return ListPage.read(answer.body(), items);
    }

    /**
     * Begins to watch and waits until the server has agreed.
     *
     * @param version the last version that is known
     * @param serverEndsAfter when the server shall end it
     */
    WatchStream watch(String version, Duration serverEndsAfter)
            throws ApiException, InterruptedException {
        URI uri =
                URI.create(
                        resource
                                + "watch=true&allowWatchBookmarks=true&resourceVersion="
                                + encode(version)
                                + "&timeoutSeconds="
                                + serverEndsAfter.toSeconds());
        WatchStream stream = new WatchStream();
        try {
            await(
                    http.newWebSocketBuilder()
                            .uri(uri)
                            .header("Origin", uri.getScheme() + "://" + uri.getAuthority())
                            .connectTimeout(answerWithin.toMillis(), TimeUnit.MILLISECONDS)
                            .buildAsync(stream));
            return stream;
        } catch (ApiException | InterruptedException e) {
            stream.close();
            throw e;
        }
    }

    private <A> A await(CompletableFuture<A> answer) throws ApiException, InterruptedException {
        try {
            return answer.get(answerWithin.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            throw failed(e);
        } catch (TimeoutException _) {
            answer.cancel(true);
            throw new ApiException(
                    ApiException.NO_STATUS,
                    "no whole answer within %d s".formatted(answerWithin.toSeconds()));
        } catch (InterruptedException e) {
            answer.cancel(true);
            throw e;
        }
    }

    private static ApiException failed(ExecutionException failure) {
        Throwable cause = failure;
        while ((cause instanceof ExecutionException || cause instanceof CompletionException)
                && cause.getCause() != null) {
            cause = cause.getCause();
        }
        if (cause instanceof WebSocketHandshakeException handshake) {
            WebSocketUpgradeResponse response = handshake.getResponse();
            return refused(response.code(), new byte[0]);
        }
        return new ApiException(ApiException.NO_STATUS, reason(cause));
    }

    /** The innermost cause that says something. */
    static String reason(Throwable failure) {
        String reason = failure.getClass().getSimpleName();
        for (Throwable each = failure; each != null; each = each.getCause()) {
            if (each.getMessage() != null) {
                reason = each.getMessage();
            } else if (each instanceof ConnectException) {
                reason = "connection refused";
            }
        }
        return reason;
    }

    /** What the server says, in its own words if it has some. */
    private static ApiException refused(int status, byte[] body) {
        String words = "";
        try {
            words = JSON.readTree(body).path("message").asString("");
        } catch (JacksonException _) {
            // The status has to do.
        }
        return new ApiException(
                status,
                "the server answers with status %d%s"
                        .formatted(
                                status, words.isEmpty() ? "" : ": " + Oddities.printable(words)));
    }

    private static String encode(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }
}
