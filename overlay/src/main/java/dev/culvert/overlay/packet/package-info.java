/**
 * Headers as named offsets in memory, and the Internet checksum. No objects, no I/O, any thread.
 */
@NullMarked
package dev.culvert.overlay.packet;

import org.jspecify.annotations.NullMarked;
