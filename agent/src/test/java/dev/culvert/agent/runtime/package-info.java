/** A real container runtime for tests: containerd in namespaces of its own. */
@NullMarked
package dev.culvert.agent.runtime;

import org.jspecify.annotations.NullMarked;
