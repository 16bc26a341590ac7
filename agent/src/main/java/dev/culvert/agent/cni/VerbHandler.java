package dev.culvert.agent.cni;

import dev.culvert.linux.netns.NetworkNamespace;
import org.jspecify.annotations.Nullable;

/** Carries out one CNI verb. Any thread; calls about one container come one at a time. */
interface VerbHandler {

    /**
     * Does it.
     *
     * @param namespace the sandbox's namespace, which the caller closes; null if none was passed
     * @return the text for stdout, empty when success has none
     */
    String handle(CniRequest request, @Nullable NetworkNamespace namespace) throws CniError;
}
