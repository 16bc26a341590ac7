/** What the runtime asked of the pods that are attached: it outlives the agent, not the machine. */
@NullMarked
package dev.culvert.agent.attachment;

import org.jspecify.annotations.NullMarked;
