/**
 * The agent's socket for its own command line: HTTP over a Unix socket that only root may use.
 * Knows nothing of what is asked: it takes handlers.
 */
@NullMarked
package dev.culvert.agent.admin;

import org.jspecify.annotations.NullMarked;
