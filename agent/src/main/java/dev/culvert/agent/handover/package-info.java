/** How one agent takes the place of another on a node, so that the node is never without one. */
@NullMarked
package dev.culvert.agent.handover;

import org.jspecify.annotations.NullMarked;
