package dev.culvert.demo;

import java.util.List;

/** Something that can send to a pod: a pod or a node. The main thread only. */
interface Endpoint {
    String name();

    /** The number of the node that it is on. */
    int nodeNumber();

    /** Whether a receiver that sees {@code address} as the sender sees this one untranslated. */
    boolean mayAppearAs(String address);

    /** Its network namespace. */
    NamespaceSockets sockets();

    /** The words that run a command in its network namespace. */
    List<String> enter(List<String> command);
}
