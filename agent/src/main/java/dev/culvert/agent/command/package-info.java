/**
 * The commands that ask the agent of this node, or work beside it. The agent's own is in the root.
 */
@NullMarked
package dev.culvert.agent.command;

import org.jspecify.annotations.NullMarked;
