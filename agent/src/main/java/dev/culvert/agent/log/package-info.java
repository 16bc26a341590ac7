/**
 * How the agent logs: never waiting, never the same line without end, at levels that can change.
 */
@NullMarked
package dev.culvert.agent.log;

import org.jspecify.annotations.NullMarked;
