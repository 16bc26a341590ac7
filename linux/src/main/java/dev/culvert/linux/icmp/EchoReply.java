package dev.culvert.linux.icmp;

import java.net.InetAddress;

/**
 * An answer to an echo request. Immutable.
 *
 * @param from who sent it
 * @param identifier as in the request, 16 bits
 * @param sequence as in the request, 16 bits
 */
public record EchoReply(InetAddress from, int identifier, int sequence) {}
