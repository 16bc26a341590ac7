/** How fast and at what cost network policies follow a large cluster that changes. */
@NullMarked
package dev.culvert.bench.policy;

import org.jspecify.annotations.NullMarked;
