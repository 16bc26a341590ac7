/** Tests of the packet channels. */
@NullMarked
package dev.culvert.overlay.channel;

import org.jspecify.annotations.NullMarked;
