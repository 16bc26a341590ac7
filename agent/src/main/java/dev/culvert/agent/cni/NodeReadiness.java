package dev.culvert.agent.cni;

import dev.culvert.agent.state.NodeNetwork;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What pods of this node are attached to, or why none can be at the moment. Any thread.
 *
 * @param network the node's network, giving null while it is not known or not ready
 * @param reason one sentence that says what is missing, asked only when {@code network} gives null
 */
public record NodeReadiness(
        Supplier<? extends @Nullable NodeNetwork> network, Supplier<String> reason) {

    /** The network, or the refusal with {@code code}. */
    NodeNetwork require(int code) throws CniError {
        NodeNetwork known = network.get();
        if (known == null || known.podCidrs().isEmpty()) {
            throw new CniError(code, "this node is not ready for pods: " + reason.get());
        }
        return known;
    }
}
