/** Puts a veth pair, addresses and routes into a pod's network namespace, and takes them away. */
@NullMarked
package dev.culvert.agent.sandbox;

import org.jspecify.annotations.NullMarked;
