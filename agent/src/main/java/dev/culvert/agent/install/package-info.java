/** Puts the CNI executable and the network list where the container runtime looks for them. */
@NullMarked
package dev.culvert.agent.install;

import org.jspecify.annotations.NullMarked;
