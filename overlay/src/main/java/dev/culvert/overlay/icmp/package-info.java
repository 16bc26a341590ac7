/** The ICMP errors that a router sends back for packets that it cannot forward. */
@NullMarked
package dev.culvert.overlay.icmp;

import org.jspecify.annotations.NullMarked;
