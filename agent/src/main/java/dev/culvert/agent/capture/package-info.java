/** Copies of the packets of the overlay, inside or outside, as pcapng. */
@NullMarked
package dev.culvert.agent.capture;

import org.jspecify.annotations.NullMarked;
