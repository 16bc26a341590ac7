package dev.culvert.agent.ipam;

/**
 * One interface of one sandbox: what holds a lease. Immutable.
 *
 * @param containerId the runtime's name of the sandbox
 * @param ifName the interface's name in it
 */
public record Endpoint(String containerId, String ifName) {

    @Override
    public String toString() {
        return containerId + "/" + ifName;
    }
}
