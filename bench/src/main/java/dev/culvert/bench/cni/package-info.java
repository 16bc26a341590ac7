/** How long it takes to give a pod its network. */
@NullMarked
package dev.culvert.bench.cni;

import org.jspecify.annotations.NullMarked;
