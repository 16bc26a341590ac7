/** Settings from a file and the environment, as one immutable record. */
@NullMarked
package dev.culvert.agent.config;

import org.jspecify.annotations.NullMarked;
