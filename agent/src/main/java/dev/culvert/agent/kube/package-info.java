/** The Kubernetes API as our own events. Nothing else sees the client's model types. */
@NullMarked
package dev.culvert.agent.kube;

import org.jspecify.annotations.NullMarked;
