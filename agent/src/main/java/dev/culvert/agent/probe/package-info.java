/**
 * Asks the other nodes through the overlay how far away they are and how much gets lost, and tests
 * this node's own data path.
 */
@NullMarked
package dev.culvert.agent.probe;

import org.jspecify.annotations.NullMarked;
