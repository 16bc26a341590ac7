/** Writes and checks what VXLAN puts around a packet (RFC 7348). */
@NullMarked
package dev.culvert.overlay.encap;

import org.jspecify.annotations.NullMarked;
