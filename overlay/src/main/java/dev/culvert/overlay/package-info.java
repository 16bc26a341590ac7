/** The data path: wires TUN queues to UDP sockets, publishes the forwarding database, counts. */
@NullMarked
package dev.culvert.overlay;

import org.jspecify.annotations.NullMarked;
