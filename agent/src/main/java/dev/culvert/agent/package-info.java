/** The composition root and the command line: builds, starts and closes everything in order. */
@NullMarked
package dev.culvert.agent;

import org.jspecify.annotations.NullMarked;
