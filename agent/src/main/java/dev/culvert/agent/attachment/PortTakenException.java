package dev.culvert.agent.attachment;

/** Another pod has a port of the node that is asked for; the message names both. */
public final class PortTakenException extends Exception {
    PortTakenException(PortMapping wanted, PodAttachment holder) {
        super(
                "%s of this node leads to %s already"
                        .formatted(
                                wanted,
                                holder.pod().isEmpty()
                                        ? "container " + holder.endpoint().containerId()
                                        : "pod " + holder.pod()));
    }
}
