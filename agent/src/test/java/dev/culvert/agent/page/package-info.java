/** The page in a real browser. */
@NullMarked
package dev.culvert.agent.page;

import org.jspecify.annotations.NullMarked;
