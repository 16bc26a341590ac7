/**
 * Packet-filter rules and ipsets. What should be is stated as values ({@link
 * dev.culvert.iptables.Chain}, {@link dev.culvert.iptables.Rule}, {@link
 * dev.culvert.iptables.IpSet}); {@link dev.culvert.iptables.PacketFilter} reads what is and writes
 * the difference with {@code iptables-restore} and {@code ipset restore}, next to other programs'
 * rules, which it never touches.
 */
@NullMarked
package dev.culvert.iptables;

import org.jspecify.annotations.NullMarked;
