package dev.culvert.agent.kube;

import io.fabric8.kubernetes.client.server.mock.KubernetesCrudDispatcher;
import io.fabric8.mockwebserver.http.Buffer;
import io.fabric8.mockwebserver.http.Headers;
import io.fabric8.mockwebserver.http.MockResponse;
import io.fabric8.mockwebserver.http.RecordedRequest;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * The mock server's dispatcher, but with the API server's rules for {@code nodes/NAME/status}: a
 * patch there changes labels and annotations as well as the status, where the original drops all
 * but the status; and a strategic merge patch merges conditions by their type, where the original
 * replaces the list.
 */
public final class NodeStatusDispatcher extends KubernetesCrudDispatcher {
    private static final Pattern NODE_STATUS = Pattern.compile("(/api/v1/nodes/[^/?]+)/status(.*)");
    private static final String CONTENT_TYPE = "Content-Type";
    private static final JsonMapper JSON = new JsonMapper();

    /** An empty API. */
    public NodeStatusDispatcher() {}

    @Override
    public MockResponse handlePatch(RecordedRequest request) {
        Matcher matcher = NODE_STATUS.matcher(request.getPath());
        if (!matcher.matches()) {
            return super.handlePatch(request);
        }
        boolean strategic = request.getHeader(CONTENT_TYPE).contains("strategic-merge-patch");
        return super.handlePatch(
                new RecordedRequest(
                        request.getHttpVersion(),
                        request.method(),
                        matcher.group(1) + matcher.group(2),
                        strategic ? asJsonPatch(request.getHeaders()) : request.getHeaders(),
                        strategic
                                ? mergeConditions(matcher.group(1), request.getUtf8Body())
                                : request.getBody()));
    }

    private static Headers asJsonPatch(Headers headers) {
        Headers.Builder builder = Headers.builder();
        headers.toMultimap()
                .forEach(
                        (name, values) ->
                                values.forEach(
                                        value ->
                                                builder.add(
                                                        name,
                                                        name.equalsIgnoreCase(CONTENT_TYPE)
                                                                ? "application/json-patch+json"
                                                                : value)));
        return builder.build();
    }

    private Buffer mergeConditions(String path, String patch) {
        JsonNode present = JSON.readTree(handleGet(path).getBody().readUtf8());
        Map<String, ObjectNode> byType = new LinkedHashMap<>();
        for (JsonNode list : List.of(present, JSON.readTree(patch))) {
            for (JsonNode each : list.path("status").path("conditions")) {
                byType.merge(
                        each.path("type").asString(""),
                        (ObjectNode) each,
                        (before, now) -> before.setAll(now));
            }
        }
        Map<String, Object> operation = new LinkedHashMap<>();
        operation.put("op", "add");
        operation.put("path", "/status/conditions");
        operation.put("value", List.copyOf(byType.values()));
        return new Buffer(JSON.writeValueAsBytes(List.of(operation)));
    }
}
