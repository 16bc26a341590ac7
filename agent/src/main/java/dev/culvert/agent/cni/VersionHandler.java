package dev.culvert.agent.cni;

import dev.culvert.linux.netns.NetworkNamespace;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/** VERSION: which versions of the specification can be spoken. Stateless. */
final class VersionHandler implements VerbHandler {

    @Override
    public String handle(CniRequest request, @Nullable NetworkNamespace namespace) {
        ObjectNode answer = CniRequest.object();
        answer.put("cniVersion", request.answerVersion());
        var versions = answer.putArray("supportedVersions");
        CniVersion.texts().forEach(versions::add);
        return answer.toString();
    }
}
