package dev.culvert.agent.policy;

import dev.culvert.net.Cidr;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Whom a rule of a policy lets through. Immutable, any thread. */
public sealed interface PolicyPeer {

    /**
     * Pods, by their labels and those of their namespaces. Pods with the node's network are never
     * among them.
     *
     * @param namespaces those the pods are in; null for the policy's own
     * @param pods which of their pods
     */
    record Pods(@Nullable LabelSelector namespaces, LabelSelector pods) implements PolicyPeer {}

    /**
     * Addresses, whoever has them.
     *
     * @param block the addresses
     * @param except those of the block that are not meant
     */
    record Block(Cidr block, List<Cidr> except) implements PolicyPeer {
        /** Copies the list. */
        public Block {
            except = List.copyOf(except);
        }
    }
}
