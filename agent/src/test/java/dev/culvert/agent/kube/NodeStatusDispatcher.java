package dev.culvert.agent.kube;

import io.fabric8.kubernetes.client.server.mock.KubernetesCrudDispatcher;
import io.fabric8.mockwebserver.http.MockResponse;
import io.fabric8.mockwebserver.http.RecordedRequest;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The mock server's dispatcher, but with the API server's rule for {@code nodes/NAME/status}: a
 * patch there changes labels and annotations as well as the status. The original drops all but the
 * status.
 */
public final class NodeStatusDispatcher extends KubernetesCrudDispatcher {
    private static final Pattern NODE_STATUS = Pattern.compile("(/api/v1/nodes/[^/?]+)/status(.*)");

    /** An empty API. */
    public NodeStatusDispatcher() {}

    @Override
    public MockResponse handlePatch(RecordedRequest request) {
        Matcher matcher = NODE_STATUS.matcher(request.getPath());
        if (!matcher.matches()) {
            return super.handlePatch(request);
        }
        return super.handlePatch(
                new RecordedRequest(
                        request.getHttpVersion(),
                        request.method(),
                        matcher.group(1) + matcher.group(2),
                        request.getHeaders(),
                        request.getBody()));
    }
}
