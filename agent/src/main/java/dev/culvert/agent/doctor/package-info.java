/** What a node needs, looked at one thing after the other, with a remedy for what is wrong. */
@NullMarked
package dev.culvert.agent.doctor;

import org.jspecify.annotations.NullMarked;
