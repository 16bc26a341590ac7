/** What the agent wants of the node's packet filter. */
@NullMarked
package dev.culvert.agent.rules;

import org.jspecify.annotations.NullMarked;
