/** Echo requests to another node through the overlay, as an operator asks for them. */
@NullMarked
package dev.culvert.agent.ping;

import org.jspecify.annotations.NullMarked;
