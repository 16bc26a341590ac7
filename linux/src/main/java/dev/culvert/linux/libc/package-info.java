/**
 * The only native calls: named as in the man pages, results {@code >= 0} or a negated errno, no
 * exceptions, no state. Nothing outside {@code dev.culvert.linux} uses this package except the data
 * path, which passes raw addresses of its own segments.
 */
@NullMarked
package dev.culvert.linux.libc;

import org.jspecify.annotations.NullMarked;
