/**
 * The demo: nodes as network namespaces on one machine, each with its own agent, and the traffic
 * that proves that their pods reach each other.
 */
@NullMarked
package dev.culvert.demo;

import org.jspecify.annotations.NullMarked;
