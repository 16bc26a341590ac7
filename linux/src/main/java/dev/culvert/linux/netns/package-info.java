/**
 * Network namespaces: opening them, making them, running code inside.
 *
 * <p>A thread that entered a namespace is never given back: it ends there, so that no other task
 * finds itself in the wrong network.
 */
@NullMarked
package dev.culvert.linux.netns;

import org.jspecify.annotations.NullMarked;
