/** The one thread that makes the kernel and the data path match the state of the cluster. */
@NullMarked
package dev.culvert.agent.sync;

import org.jspecify.annotations.NullMarked;
