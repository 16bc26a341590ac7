/** What the packet filter's driver costs, against the same by hand. */
@NullMarked
package dev.culvert.bench.rules;

import org.jspecify.annotations.NullMarked;
