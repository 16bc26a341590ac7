/** Finds the network namespace that the other end of a veth pair is in. */
@NullMarked
package dev.culvert.linux.veth;

import org.jspecify.annotations.NullMarked;
