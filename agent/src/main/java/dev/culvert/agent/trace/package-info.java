/** Follows a packet through this node in thought: kernel state, leases and forwarding database. */
@NullMarked
package dev.culvert.agent.trace;

import org.jspecify.annotations.NullMarked;
