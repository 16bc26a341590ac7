package dev.culvert.agent.ipam;

import dev.culvert.net.Cidr;

/** No address of a range is free. */
public final class PoolExhaustedException extends Exception {

    /**
     * @param range the range
     * @param inUse how many of its addresses are held
     */
    public PoolExhaustedException(Cidr range, int inUse) {
        super(
                inUse == 0
                        ? "the pod range %s is too small to hold an address for a pod"
                                .formatted(range)
                        : "no address is free in %s: all %d are in use".formatted(range, inUse));
    }
}
