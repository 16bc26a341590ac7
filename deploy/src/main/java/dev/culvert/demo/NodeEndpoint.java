package dev.culvert.demo;

import java.util.List;

/**
 * A node as a sender: what it sends to pods comes from its bridge's or its tunnel's address.
 *
 * @param nodeNumber the node's number
 * @param holder the node's namespaces
 */
record NodeEndpoint(int nodeNumber, NodeHolder holder) implements Endpoint {
    @Override
    public String name() {
        return holder.name();
    }

    @Override
    public boolean mayAppearAs(String address) {
        return address.equals(Plan.gateway(nodeNumber))
                || address.equals(Plan.tunnelAddress(nodeNumber));
    }

    @Override
    public NamespaceSockets sockets() {
        return holder.sockets();
    }

    @Override
    public List<String> enter(List<String> command) {
        return holder.enter(command);
    }
}
