package dev.culvert.agent.sandbox;

/**
 * The node's end of an attachment as the kernel has it. Immutable.
 *
 * @param index the interface index, which no other link gets while this one lives
 * @param name its name
 * @param alias what it says about itself; empty while it is half made
 */
public record HostVeth(int index, String name, String alias) {

    /** Whether it was never finished: it has the name of an attachment and tells of none. */
    public boolean isHalfMade() {
        return alias.isEmpty() && Attachment.isHostVeth(name);
    }
}
