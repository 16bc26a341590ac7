/** What the agent says about itself: values that it prints and the command line reads. */
@NullMarked
package dev.culvert.agent.status;

import org.jspecify.annotations.NullMarked;
