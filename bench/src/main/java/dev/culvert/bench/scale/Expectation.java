package dev.culvert.bench.scale;

import java.net.InetAddress;

/**
 * Where packets for a pod shall go from now on.
 *
 * @param pod the inner destination
 * @param outer the underlay address of its node
 * @param since when the API server changed the Node object, as of {@link System#nanoTime}
 */
record Expectation(InetAddress pod, InetAddress outer, long since) {}
