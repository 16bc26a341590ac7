/** The whole packet path between two pods, measured against the kernel's own. */
@NullMarked
package dev.culvert.bench.path;

import org.jspecify.annotations.NullMarked;
