/** What the agent knows: pure values and a single-threaded view of the cluster and of this node. */
@NullMarked
package dev.culvert.agent.state;

import org.jspecify.annotations.NullMarked;
