/** What VXLAN (RFC 7348) puts around a packet, and what passes between outer and inner headers. */
@NullMarked
package dev.culvert.overlay.encap;

import org.jspecify.annotations.NullMarked;
