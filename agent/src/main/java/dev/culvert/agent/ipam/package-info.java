/**
 * Gives addresses to endpoints and remembers it across restarts. The lasting truth is the alias of
 * the host veth; a journal covers the moment before the veth exists.
 */
@NullMarked
package dev.culvert.agent.ipam;

import org.jspecify.annotations.NullMarked;
