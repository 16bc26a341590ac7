package dev.culvert.overlay.fdb;

import dev.culvert.net.Cidr;

/**
 * One line of the forwarding database. Immutable.
 *
 * @param prefix inner destinations
 * @param vtep who serves them
 */
public record FdbEntry(Cidr prefix, Vtep vtep) {}
