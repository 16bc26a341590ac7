/** One agent in a large cluster that is simulated around it. */
@NullMarked
package dev.culvert.bench.scale;

import org.jspecify.annotations.NullMarked;
